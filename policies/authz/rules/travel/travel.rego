# METADATA
# title: Nobody is in two places at once
# description: |
#   Two log-ins further apart than anybody can travel in the time between them.
#   A device that the account has signed in from is believed: its owner may
#   have switched a tunnel on.
# custom:
#   sp800_207: "2.1, tenets 4 and 7"
#   iso_27001: "A.8.16, monitoring activities"
package authz.rules.travel

# METADATA
# title: The last log-in was too far away
deny contains "impossible_travel" if {
	input.action.name == "session.create"
	input.context.location.travel == "impossible"
	not input.context.log_in.familiar == "device"
}
