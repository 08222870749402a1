# METADATA
# title: A token that does not hold gives no role
package invariants.never.unverified_roles

violated if {
	data.authz.answer.decision
	input.context.credential.state in {"expired", "invalid", "none"}
	input.subject.properties.role != ""
}
