# METADATA
# title: An emergency deletes nothing
package invariants.never.emergency_deletes

violated if {
	data.authz.answer.decision
	input.context.claims.purpose == "emergency"
	input.action.name in {"patient.delete", "service.delete"}
}
