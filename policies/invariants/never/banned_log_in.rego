# METADATA
# title: Who is banned gets no session
package invariants.never.banned_log_in

violated if {
	data.authz.answer.decision
	input.action.name in {"machine.log_in", "session.continue", "session.create"}
	not input.context.revocation.subject == "clear"
}
