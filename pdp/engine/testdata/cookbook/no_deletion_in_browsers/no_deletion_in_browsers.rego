# METADATA
# title: Deleting a patient is for the clinic system, not for a browser page
# custom:
#   sp800_207: "2.1, tenet 3"
#   iso_27001: "A.8.10, information deletion"
package authz.rules.no_deletion_in_browsers

# METADATA
# title: The token came in a cookie, as browsers send it
deny contains "deletion_in_browser" if {
	input.action.name == "patient.delete"
	not input.context.credential.presented == "header"
}
