# METADATA
# title: A credential that was not verified proves no factor and names no subject
package authz.assume.credential

impossible if {
	input.context.credential.state != "valid"
	_proven
}

impossible if {
	input.context.credential.state in {"none", "expired", "invalid"}
	input.subject.type in {"user", "machine"}
}

impossible if {
	input.context.credential.state == "valid"
	_unproven
}

impossible if {
	input.context.credential.state in {"none", "delegated"}
	input.context.credential.presented != ""
}

_proven if input.context.credential.acr != ""

_proven if input.context.credential.factors != "none"

_proven if input.context.credential.elevation != "none"

_proven if input.context.revocation.session == "revoked"

_unproven if input.context.credential.factors == "none"

_unproven if input.subject.type == ""
