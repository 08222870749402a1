# METADATA
# title: No bar on log-ins lasts longer than a day
package invariants.never.long_bars

violated if {
	some limit in ["wrong_passwords_bar_seconds", "known_device_bar_seconds", "code_bar_seconds"]
	data.authz.tables.limits[limit] > 86400
}
