# METADATA
# title: An account and what is held against a subject are those of an id, which is a user's or a machine's
package authz.assume.subject

impossible if {
	input.subject.id == ""
	_held
}

impossible if {
	input.subject.id != ""
	input.subject.type == ""
}

_held if input.subject.properties.account != ""

_held if input.context.revocation.subject == "banned"

_held if input.context.revocation.step_up == "owed"

_held if input.context.credential.state in {"valid", "delegated"}

_held if input.context.care.state in {"fresh", "stale"}
