# METADATA
# title: Some rights need a fresh factor
# description: RFC 9470. The elevation is bound to the session and ends by itself.
# custom:
#   sp800_207: "2.1, tenet 6: reauthentication as defined by policy"
#   hipaa: "45 CFR 164.312(d), person or entity authentication"
package authz.rules.step_up

import data.authz.ask
import data.authz.tables

# METADATA
# title: The last step-up is too long ago, or there was none
deny contains "step_up_required" if _missing

# METADATA
# title: Ask for a fresh factor
oblige contains {
	"id": "step_up",
	"type": "challenge",
	"properties": {
		"acr_values": tables.step_up_acr,
		"max_age": tables.thresholds.elevation_seconds,
	},
} if {
	_missing
}

_missing if {
	_needed
	ask.reach
	not ask.elevated
}

_needed if tables.step_up[ask.right]

# Off-site, whatever changes a patient's care needs one. A place that is not
# known counts as off-site.
_needed if {
	tables.step_up_off_site[ask.right]
	not input.context.location.place == "on_site"
}

# The sentinel asked the subject for one, whatever the right is. Proving it and
# leaving stay open.
_needed if {
	input.context.revocation.step_up == "owed"
	not input.action.name in {"session.elevate", "session.end"}
}
