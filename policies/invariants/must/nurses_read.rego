# METADATA
# title: A nurse on-site reads the patients of the department at any hour
package invariants.must.nurses_read

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
	input.action.name in {"patient.read", "service.list"}
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
