# METADATA
# title: Keys are public
package invariants.must.public_keys

when if {
	input.action.name == "key.list"
	input.context.revocation.step_up == "none"
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
