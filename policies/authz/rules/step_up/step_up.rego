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
# title: The right needs a factor that resists phishing, and none was shown
deny contains "passkey_required" if _phishable

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
	not _phishable
	not _tap_helps
}

# METADATA
# title: Ask for a fresh factor, which badge and PIN are too where the request came from
oblige contains {
	"id": "step_up",
	"type": "challenge",
	"properties": {
		"acr_values": tables.step_up_acr,
		"max_age": tables.thresholds.elevation_seconds,
		"tap": true,
	},
} if {
	_missing
	not _phishable
	_tap_helps
}

# METADATA
# title: Ask for one that resists phishing
oblige contains {
	"id": "step_up",
	"type": "challenge",
	"properties": {
		"acr_values": tables.phishing_resistant_acr,
		"max_age": tables.thresholds.elevation_seconds,
	},
} if {
	_phishable
}

_phishable if {
	tables.phishing_resistant[ask.right]
	ask.reach
	not _resistant
}

# What another enforcement point has seen is no passkey of this house.
_resistant if {
	input.context.credential.state == "valid"
	some word in split(input.context.credential.amr, " ")
	word in tables.phishing_resistant_amr
}

_missing if {
	_needed
	ask.reach
	not ask.elevated
	not _passed
	not _tapped
}

# Badge and PIN, just shown at a workstation of the ward, are the fresh factor of rights
# that a table names, and meet no debt.
_tapped if {
	_tap_counts
	input.context.device.tap == "fresh"
}

_tap_counts if {
	tables.tap_opens[ask.right]
	ask.at_workstation
	input.context.credential.state == "valid"
	input.context.revocation.step_up == "none"
}

_tap_helps if {
	_tap_counts
	not tables.step_up_by[input.action.name]
}

# Others gave their word for who has no factor to show, and owes none.
_passed if {
	tables.pass_opens[input.action.name]
	input.context.credential.state == "valid"
	input.context.credential.acr == tables.pass_acr
	input.context.revocation.step_up == "none"
}

# A fresh factor of another kind is not the one that the action needs.
_missing if {
	tables.step_up_by[input.action.name]
	ask.reach
	not _by_a_named_factor
}

_by_a_named_factor if {
	ask.elevated
	some word in split(input.context.credential.amr, " ")
	word in tables.step_up_by[input.action.name]
}

_needed if tables.step_up[ask.right]

_needed if {
	tables.step_up_actions[input.action.name]
	not _by_credential
}

# A program has no factor: its own key was proven at its log-in.
_by_credential if {
	input.subject.properties.role in tables.step_up_by_credential[input.action.name]
	input.context.credential.state == "valid"
	input.context.revocation.step_up == "none"
}

# Off-site, whatever changes a patient's care needs one. A place that is not
# known counts as off-site.
_needed if {
	tables.step_up_off_site[ask.right]
	not input.context.location.place == "on_site"
}

# The sentinel asked the subject for one, whatever the right is. Treating patients
# on-site goes on, and proving it and leaving stay open.
_needed if {
	input.context.revocation.step_up == "owed"
	not ask.treating
	not input.action.name in {"session.elevate", "session.end"}
}
