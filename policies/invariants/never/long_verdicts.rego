# METADATA
# title: No automatic verdict lasts longer than a day
package invariants.never.long_verdicts

violated if {
	some verdict in data.sentinel.tables.verdicts
	verdict.seconds > 86400
}
