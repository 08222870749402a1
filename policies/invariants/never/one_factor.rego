# METADATA
# title: No session begins with one factor
package invariants.never.one_factor

violated if {
	data.authz.answer.decision
	input.action.name == "session.create"
	not input.context.credential.factors == "two"
}
