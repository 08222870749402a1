# METADATA
# title: Nurses work on-site
# custom:
#   sp800_207: "2.1, tenet 4: environmental attributes"
#   iso_27001: "A.6.7, remote working"
package authz.rules.nurses_on_site

# METADATA
# title: A nurse asks from outside the hospital
deny contains "nurse_off_site" if {
	input.subject.properties.role == "nurse"
	not input.context.location.place == "on_site"
}
