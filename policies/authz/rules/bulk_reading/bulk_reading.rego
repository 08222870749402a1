# METADATA
# title: Nobody reads the whole hospital
# description: |
#   More patients in ten minutes than the table says, or far more than the
#   subject's own habit, need a fresh factor; far more than that is denied. The
#   count is over all of a subject's sessions. A missing count is no reason: an
#   outage must not stop treatment, and is seen by the sentinel. Nor is any count
#   for staff who read their own patients on-site: a ward in an emergency reads
#   everybody. The sentinel tells of it.
# custom:
#   sp800_207: "2.1, tenets 4 and 7"
#   hipaa: "45 CFR 164.502(b), minimum necessary; 164.308(a)(1)(ii)(D), information system activity review"
#   gdpr: "Article 32(1)(b), confidentiality"
package authz.rules.bulk_reading

import data.authz.ask
import data.authz.tables

# METADATA
# title: Far more patients than anybody treats in ten minutes
deny contains "bulk_reading" if {
	_reading
	input.context.signals.patients == "far_more"
}

# METADATA
# title: Many patients in ten minutes, and the last step-up is too long ago
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
	_reading
	input.context.signals.patients == "many"
	not ask.elevated
}

# Whatever answers with a patient's data.
_reading if {
	ask.reach in {"own", "department", "all"}
	not ask.changes
	not ask.treating
}
