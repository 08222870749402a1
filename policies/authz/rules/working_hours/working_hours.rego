# METADATA
# title: What can wait for the day waits, or is proven again
# description: |
#   A hospital works at night: what treats patients is in no row of the table,
#   and a row that limited it would have no effect. An hour that is not known
#   counts as night.
# custom:
#   sp800_207: "2.1, tenet 4: environmental attributes such as time"
#   iso_27001: "A.5.15, access control"
package authz.rules.working_hours

import data.authz.ask
import data.authz.tables

# METADATA
# title: This right is not used at night
deny contains "off_hours" if {
	_needs == "day"
}

# METADATA
# title: At night this right is used on-site alone
deny contains "off_hours" if {
	_needs == "on_site"
	not _on_site
}

# METADATA
# title: It is night, and the last step-up is too long ago
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
	_needs == "step_up"
	not ask.elevated
}

_missing if {
	_needs == "step_up_off_site"
	not _on_site
	not ask.elevated
}

_needs := tables.hours[ask.right][input.subject.properties.role] if {
	not input.context.time.period == "day"
	not ask.right in tables.always
}

_on_site if input.context.location.place == "on_site"
