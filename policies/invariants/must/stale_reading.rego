# METADATA
# title: A doctor on-site reads on while the databases fail over
package invariants.must.stale_reading

when if {
	input.subject.type == "user"
	input.subject.properties.account == "active"
	input.context.credential.state == "valid"
	input.context.identity.state in {"fresh", "stale"}
	input.context.revocation.state == "stale"
	input.context.revocation.session == "clear"
	input.context.revocation.subject == "clear"
	input.context.device.state == "fresh"
	input.context.device.match == "same"
	input.context.location.state == "fresh"
	input.context.location.place == "on_site"
	input.context.time.state == "fresh"
	input.context.time.period in {"day", "night"}
	input.context.signals.requests != "many"
	not input.context.claims.purpose
	input.context.revocation.stale_for == "short"
	input.subject.properties.role == "doctor"
	input.action.name in {"patient.read", "service.list"}
	input.context.care.state == "fresh"
	input.context.care.treats
	_begun_here
}

then if {
	data.authz.answer.decision
}

# A browser's cookie comes along on what other sites begin, too.
_begun_here if input.context.credential.presented in {"", "header"}

_begun_here if input.context.credential.site == "own"

_begun_here if input.action.method == "safe"
