# METADATA
# title: Security on-site can lift a ban in the day, and at night
package invariants.must.bans_are_lifted

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
	input.subject.properties.role == "security"
	input.context.revocation.step_up == "none"
	input.action.name in {"ban.lift", "user.unban"}
	input.resource.id != input.subject.id
	input.context.signals.state == "fresh"
	_begun_here
}

then if {
	data.authz.answer.decision
}

# A browser's cookie comes along on what other sites begin, too.
_begun_here if input.context.credential.presented in {"", "header"}

_begun_here if input.context.credential.site == "own"

_begun_here if input.action.method == "safe"
