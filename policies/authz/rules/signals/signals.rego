# METADATA
# title: What the subject has lately done is known before anything is changed
# description: A missing signal is unknown, never low. Reading goes on without it; changing does not.
# custom:
#   sp800_207: "2.1, tenet 7: collect as much as possible about the current state"
#   hipaa: "45 CFR 164.308(a)(1)(ii)(D), information system activity review"
package authz.rules.signals

import data.authz.ask

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
