# METADATA
# title: Where a request was begun is asked of what came by cookie alone
package authz.assume.site

impossible if {
	input.context.credential.presented != "cookie"
	input.context.credential.site in {"own", "foreign"}
}
