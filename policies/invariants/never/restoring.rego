# METADATA
# title: Only security restores a deleted patient
package invariants.never.restoring

violated if {
	data.authz.answer.decision
	input.action.name == "patient.restore"
	input.subject.properties.role != "security"
}
