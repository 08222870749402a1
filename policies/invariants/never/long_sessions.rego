# METADATA
# title: A session lasts a day at most
package invariants.never.long_sessions

violated if {
	data.authz.tables.limits.session_seconds > 86400
}
