# METADATA
# title: Some patients are read only after a fresh factor
# custom:
#   sp800_207: "2.1, tenet 3"
#   gdpr: "Article 9, special categories of personal data"
#   hipaa: "45 CFR 164.502(b), minimum necessary"
package authz.rules.protected_patients

import data.authz.tables

# Patients whom colleagues are curious about: staff, neighbours, public figures.
_protected := {"p-017", "p-203"}

# METADATA
# title: The patient is protected, and the last step-up is too long ago
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
	input.resource.type == "patient"
	input.resource.id in _protected
	not _elevated
}

_elevated if {
	input.context.credential.acr == tables.step_up_acr
	input.context.credential.elevation == "fresh"
}
