# METADATA
# title: An anonymous subject has no account, has proven nothing, and nothing is held against it
package authz.assume.anonymous

impossible if {
	input.subject.type == "anonymous"
	_somebody
}

_somebody if input.subject.id != ""

_somebody if input.subject.properties.account != ""

_somebody if input.subject.properties.role != ""

_somebody if input.context.credential.state in {"valid", "delegated"}

_somebody if input.context.claims.elevation == "fresh"
