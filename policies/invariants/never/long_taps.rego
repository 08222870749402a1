# METADATA
# title: Badge and PIN count for a quarter of an hour at most, and resume no session of the day before
package invariants.never.long_taps

violated if {
	data.authz.tables.thresholds.tap_seconds > 900
}

violated if {
	data.authz.tables.limits.shift_seconds > 57600
}
