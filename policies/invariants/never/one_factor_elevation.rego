# METADATA
# title: A fresh elevation is of two factors
package invariants.never.one_factor_elevation

violated if {
	data.authz.answer.decision
	input.context.credential.elevation == "fresh"
	not input.context.credential.factors == "two"
}
