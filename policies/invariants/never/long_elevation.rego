# METADATA
# title: A second factor counts for an hour at most, and an elevated token lives no longer
package invariants.never.long_elevation

violated if {
	data.authz.tables.thresholds.elevation_seconds > 3600
}
