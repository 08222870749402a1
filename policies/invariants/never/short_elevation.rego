# METADATA
# title: A second factor counts for half a minute at least
package invariants.never.short_elevation

violated if {
	data.authz.tables.thresholds.elevation_seconds < 30
}
