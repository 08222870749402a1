# METADATA
# title: An account that is not active gets no session
package invariants.never.inactive_log_in

violated if {
	data.authz.answer.decision
	input.action.name in {"machine.log_in", "session.continue", "session.create"}
	not input.subject.properties.account == "active"
}
