# METADATA
# title: A doctor on-site corrects an order after a second factor, at any hour
package invariants.must.doctors_correct

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
	input.subject.properties.role == "doctor"
	input.resource.type in {"patient", "service"}
	input.action.name in {"service.delete", "service.edit"}
	input.context.care.state == "fresh"
	input.context.care.treats
	input.context.signals.state == "fresh"
	input.context.credential.acr == data.authz.tables.step_up_acr
	input.context.credential.elevation == "fresh"
	_begun_here
}

then if {
	data.authz.answer.decision
}

# A browser's cookie comes along on what other sites begin, too.
_begun_here if input.context.credential.presented in {"", "header"}

_begun_here if input.context.credential.site == "own"

_begun_here if input.action.method == "safe"
