# METADATA
# title: Another enforcement point vouches for subjects, claims for itself, and has no session of this house
package authz.assume.callers

impossible if {
	input.context.credential.state == "delegated"
	not input.context.caller.kind
}

impossible if {
	input.context.credential.state in {"valid", "expired", "invalid"}
	input.context.caller.kind
}

impossible if {
	_claimed
	not input.context.caller.kind
}

_claimed if input.context.claims.purpose

_claimed if input.context.claims.elevation
