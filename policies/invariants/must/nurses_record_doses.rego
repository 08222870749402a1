# METADATA
# title: A nurse on-site records a dose that was given, at any hour
package invariants.must.nurses_record_doses

when if {
	input.subject.type == "user"
	input.subject.properties.account == "active"
	input.context.credential.state == "valid"
	input.context.identity.state == "fresh"
	input.context.revocation.state == "fresh"
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
	input.subject.properties.role == "nurse"
	input.resource.type in {"patient", "service"}
	input.action.name == "service.complete"
	input.context.care.state == "fresh"
	input.context.care.same_department
	_begun_here
}

then if {
	data.authz.answer.decision
}

# A browser's cookie comes along on what other sites begin, too.
_begun_here if input.context.credential.presented in {"", "header"}

_begun_here if input.context.credential.site == "own"

_begun_here if input.action.method == "safe"
