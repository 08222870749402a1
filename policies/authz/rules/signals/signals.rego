# METADATA
# title: What the subject has lately done is known before anything is changed
# description: |
#   A missing signal is unknown, never low. Reading goes on without it, and so does
#   what the table goes_on_without_signals names: an outage of telemetry stops no
#   treatment. Other changes wait. The state stands in the record of each decision.
# custom:
#   sp800_207: "2.1, tenet 7: collect as much as possible about the current state"
#   hipaa: "45 CFR 164.308(a)(1)(ii)(D), information system activity review"
package authz.rules.signals

import data.authz.ask
import data.authz.tables

# METADATA
# title: A change is asked for while behavioural signals are missing or old
deny contains "signals_unknown" if {
	not ask.public
	not _needless
	not input.context.signals.state == "fresh"
}

_needless if {
	ask.right
	not ask.changes
}

_needless if tables.goes_on_without_signals[ask.right]

# The enforcement point that asks is trusted about it, or the claim is not here.
_needless if {
	input.context.claims.purpose == "emergency"
	ask.right in tables.emergency_without_signals
}
