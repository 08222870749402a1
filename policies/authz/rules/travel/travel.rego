# METADATA
# title: Nobody is in two places at once
# description: |
#   Two log-ins further apart than anybody can travel in the time between them.
#   A device that the account has signed in from is believed: its owner may
#   have switched a tunnel on. What is compared are the countries of the addresses
#   that were seen; coordinates are the client's own word, and only tell people.
# custom:
#   sp800_207: "2.1, tenets 4 and 7"
#   iso_27001: "A.8.16, monitoring activities"
package authz.rules.travel

import data.authz.tables

# METADATA
# title: The last log-in was too far away
deny contains "impossible_travel" if {
	input.action.name == "session.create"
	input.context.location.travel == "impossible"
	not input.context.log_in.familiar == "device"
}

# METADATA
# title: The client says that it is too far away from where it said it was
oblige contains {
	"id": "alert",
	"type": "alert",
	"properties": {"seconds": tables.limits.claimed_place_alert_seconds, "reason": "claimed_travel"},
} if {
	input.action.name == "session.create"
	input.context.location.claimed_travel == "impossible"
	not input.context.log_in.familiar == "device"
}
