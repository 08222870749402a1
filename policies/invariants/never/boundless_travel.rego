# METADATA
# title: What moves too far or too fast is noticed
package invariants.never.boundless_travel

violated if {
	data.authz.tables.limits.drift_kilometres > 500
}

violated if {
	data.authz.tables.limits.travel_kilometres_an_hour > 2000
}

violated if {
	data.authz.tables.limits.travel_country_seconds < 60
}
