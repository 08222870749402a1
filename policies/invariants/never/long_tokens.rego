# METADATA
# title: An access token lives a quarter of an hour at most
package invariants.never.long_tokens

violated if {
	data.authz.tables.limits.access_token_seconds > 900
}
