# METADATA
# title: What changes something is begun by a page of the own origin
# description: |
#   A browser sends its cookie along wherever a request begins. What came by cookie
#   and is no safe method (RFC 9110, section 9.2.1), or asks to leave HTTP, was begun
#   by a page of the very origin that was asked. Another host of the same site is
#   another application. Everybody may ask nothing else either: a log-in that another
#   site begins is one into that site's account.
# custom:
#   sp800_207: "2.1, tenet 6: authentication and authorization are enforced before access is allowed"
#   iso_27001: "A.8.26, application security requirements"
package authz.rules.cross_site

# METADATA
# title: Another site began it, or the browser does not say who did
deny contains "cross_site" if {
	not _by_no_cookie
	not _safe
	not _own
}

_by_no_cookie if input.context.credential.presented in {"", "header"}

_safe if input.action.method == "safe"

_own if input.context.credential.site == "own"
