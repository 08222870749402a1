# METADATA
# title: Deleting waits for the day
# custom:
#   sp800_207: "2.1, tenet 4: environmental attributes such as time"
#   iso_27001: "A.8.10, information deletion"
package authz.rules.deletion_by_day

# METADATA
# title: Something is to be deleted at night
deny contains "deletion_at_night" if {
	input.action.name in {"patient.delete", "service.delete"}
	not input.context.time.period == "day"
}
