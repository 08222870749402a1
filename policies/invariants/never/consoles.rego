# METADATA
# title: Only security uses the console
package invariants.never.consoles

violated if {
	data.authz.answer.decision
	input.action.name in {"console.change", "console.read"}
	input.subject.properties.role != "security"
}
