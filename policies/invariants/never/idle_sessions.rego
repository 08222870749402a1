# METADATA
# title: A session that is not used ends within four hours
package invariants.never.idle_sessions

violated if {
	data.authz.tables.limits.refresh_idle_seconds > 14400
}
