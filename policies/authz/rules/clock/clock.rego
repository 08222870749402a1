# METADATA
# title: The time of the request is known
# custom:
#   sp800_207: "2.1, tenet 4: environmental attributes such as time"
#   iso_27001: "A.8.17, clock synchronisation"
package authz.rules.clock

# METADATA
# title: The decision point has no reading of the clock
deny contains "time_unknown" if not _known

_known if {
	input.context.time.state == "fresh"
	input.context.time.period in {"day", "night"}
}
