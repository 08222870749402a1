# METADATA
# title: A list of revocations is stale for a while exactly when it is stale
package authz.assume.revocation

impossible if {
	input.context.revocation.state == "stale"
	input.context.revocation.stale_for == ""
}

impossible if {
	input.context.revocation.state in {"fresh", "unknown"}
	input.context.revocation.stale_for != ""
}
