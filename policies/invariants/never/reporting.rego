# METADATA
# title: Only machines and security report how others behave
package invariants.never.reporting

violated if {
	data.authz.answer.decision
	input.action.name == "signal.report"
	not input.subject.properties.role in {"machine", "security"}
}
