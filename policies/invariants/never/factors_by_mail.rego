# METADATA
# title: No second factor is removed by a code from a mailbox or a sheet of paper
package invariants.never.factors_by_mail

violated if {
	data.authz.answer.decision
	input.action.name == "factor.remove"
	not _proven
}

_proven if {
	some word in split(input.context.credential.amr, " ")
	word in {"otp", "pop"}
}
