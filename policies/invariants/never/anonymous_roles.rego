# METADATA
# title: An anonymous subject acts in no role
package invariants.never.anonymous_roles

violated if {
	data.authz.answer.decision
	input.subject.type == "anonymous"
	input.subject.properties.role != ""
}
