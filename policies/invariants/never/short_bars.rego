# METADATA
# title: Guesses are counted over a minute at least, and a bar holds as long
package invariants.never.short_bars

violated if {
	some limit in [
		"wrong_passwords_seconds",
		"wrong_passwords_bar_seconds",
		"known_device_wrong_passwords_seconds",
		"known_device_bar_seconds",
		"code_bar_seconds",
	]
	data.authz.tables.limits[limit] < 60
}
