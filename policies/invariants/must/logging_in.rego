# METADATA
# title: Who proves two factors gets a session
package invariants.must.logging_in

when if {
	input.action.name == "session.create"
	input.resource.type in {"account", "session"}
	input.subject.properties.account == "active"
	input.context.credential.factors == "two"
	input.context.revocation.state == "fresh"
	input.context.revocation.subject == "clear"
	input.context.revocation.log_in == "clear"
	input.context.revocation.address == "clear"
	input.context.revocation.step_up == "none"
	input.context.location.travel != "impossible"
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
