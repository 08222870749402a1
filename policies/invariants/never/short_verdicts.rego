# METADATA
# title: What the sentinel does holds for a minute at least
package invariants.never.short_verdicts

violated if {
	some verdict in data.sentinel.tables.verdicts
	verdict.seconds < 60
}
