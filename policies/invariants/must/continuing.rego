# METADATA
# title: Who has a session that is alive goes on with it
package invariants.must.continuing

when if {
	input.action.name == "session.continue"
	input.resource.type in {"account", "session"}
	input.subject.properties.account == "active"
	input.context.identity.state == "fresh"
	input.context.revocation.state == "fresh"
	input.context.revocation.subject == "clear"
	input.context.revocation.session == "clear"
	input.context.revocation.address == "clear"
	input.context.revocation.step_up == "none"
	input.context.location.drift in {"", "none"}
	input.context.time.state == "fresh"
	input.context.time.period in {"day", "night"}
	input.context.signals.requests != "many"
	not input.context.claims.purpose
	_begun_here
}

then if {
	data.authz.answer.decision
}

# A browser's cookie comes along on what other sites begin, too.
_begun_here if input.context.credential.presented in {"", "header"}

_begun_here if input.context.credential.site == "own"

_begun_here if input.action.method == "safe"
