# METADATA
# title: Bills are read for payment, where a purpose is stated
package invariants.never.bills_for_treatment

violated if {
	data.authz.answer.decision
	input.action.name == "bill.list"
	input.context.claims.purpose in {"treatment", "emergency", "operations", "other"}
}
