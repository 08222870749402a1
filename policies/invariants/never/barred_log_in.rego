# METADATA
# title: Where log-ins are barred, none makes a session
package invariants.never.barred_log_in

violated if {
	data.authz.answer.decision
	input.action.name == "session.create"
	not input.context.revocation.log_in == "clear"
}
