# METADATA
# title: Clinical services are changed on-site
# custom:
#   sp800_207: "2.1, tenet 4: environmental attributes"
#   iso_27001: "A.6.7, remote working"
package authz.rules.off_site_changes

# METADATA
# title: The change was asked for from outside the hospital
deny contains "off_site_change" if {
	input.action.name in {"service.add", "service.edit", "service.delete"}
	not input.context.location.place == "on_site"
}
