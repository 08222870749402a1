# METADATA
# title: No fact counts as fresh after five minutes
package invariants.never.old_facts

violated if {
	some row in data.authz.tables.freshness
	row.stale_after > 300
}
