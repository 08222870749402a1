# METADATA
# title: A list of revocations is fresh for ten seconds at most, what is known of accounts and care for a minute
package invariants.never.old_revocation_lists

violated if {
	data.authz.tables.freshness.revocation.stale_after > 10
}

violated if {
	some point in ["care", "identity"]
	data.authz.tables.freshness[point].stale_after > 60
}
