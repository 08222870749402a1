# METADATA
# title: At night and off-site, reading a patient needs a fresh factor
# custom:
#   sp800_207: "2.1, tenet 6: reauthentication as defined by policy"
#   hipaa: "45 CFR 164.312(d), person or entity authentication"
package authz.rules.night_reading

import data.authz.tables

# METADATA
# title: It is night, the request comes from outside, and the last step-up is too long ago
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
	input.action.name == "patient.read"
	input.context.time.period == "night"
	not input.context.location.place == "on_site"
	not _elevated
}

_elevated if {
	input.context.credential.acr == tables.step_up_acr
	input.context.credential.elevation == "fresh"
}
