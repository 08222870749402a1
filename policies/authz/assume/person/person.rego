# METADATA
# title: A person's session began with two factors
package authz.assume.person

impossible if {
	input.subject.type == "user"
	input.context.credential.state == "valid"
	input.context.credential.factors in {"none", "one"}
}
