# METADATA
# title: A right that needs a factor which resists phishing is used with one
package invariants.never.phishable_factors

violated if {
	data.authz.answer.decision
	right := data.authz.tables.actions[input.action.name].right
	data.authz.tables.phishing_resistant[right]
	not _resistant
}

_resistant if {
	input.context.credential.state == "valid"
	some word in split(input.context.credential.amr, " ")
	word in data.authz.tables.phishing_resistant_amr
}
