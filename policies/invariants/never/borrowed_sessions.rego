# METADATA
# title: No other enforcement point acts in a session of this house
package invariants.never.borrowed_sessions

violated if {
	data.authz.answer.decision
	input.context.credential.state == "valid"
	input.context.caller.kind
}
