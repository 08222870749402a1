# METADATA
# title: A log-in from where the owner cannot have travelled makes no session on a new device
package invariants.never.impossible_travel

violated if {
	data.authz.answer.decision
	input.action.name == "session.create"
	input.context.location.travel == "impossible"
	input.context.log_in.familiar == "none"
}
