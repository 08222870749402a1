# METADATA
# title: The sentinel does more than tell
package invariants.never.toothless_sentinel

violated if {
	every verdict in data.sentinel.tables.verdicts {
		verdict.alert_only
	}
}
