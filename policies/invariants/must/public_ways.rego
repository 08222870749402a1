# METADATA
# title: Logging in, and getting a forgotten password back, can be begun by everybody
package invariants.must.public_ways

when if {
	input.subject.type == "anonymous"
	input.action.name in {"account.forgot", "account.reset", "log_in.attempt", "session.refresh"}
	input.resource.type in {"account", "session"}
	input.context.revocation.step_up == "none"
	input.context.revocation.address == "clear"
	input.context.signals.requests != "many"
	input.context.time.state == "fresh"
	input.context.time.period in {"day", "night"}
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
