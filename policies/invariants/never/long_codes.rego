# METADATA
# title: A one-time code is valid a quarter of an hour at most
package invariants.never.long_codes

violated if {
	data.authz.tables.limits.code_seconds > 900
}
