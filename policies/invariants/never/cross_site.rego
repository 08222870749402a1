# METADATA
# title: No other site changes anything with a browser's cookie
package invariants.never.cross_site

violated if {
	data.authz.answer.decision
	input.context.credential.presented == "cookie"
	not input.action.method == "safe"
	not input.context.credential.site == "own"
}
