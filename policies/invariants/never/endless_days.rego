# METADATA
# title: There is a night
package invariants.never.endless_days

violated if {
	data.authz.tables.thresholds.day_ends - data.authz.tables.thresholds.day_begins > 20
}
