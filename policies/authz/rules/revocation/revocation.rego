# METADATA
# title: Neither the session nor its subject has been cut off
# description: |
#   Only a fresh answer clears. A missing one denies, and so does a stale one
#   but for the readings that a table allows.
# custom:
#   sp800_207: "2.1, tenet 6: dynamic, strictly enforced"
#   hipaa: "45 CFR 164.308(a)(3)(ii)(C), termination procedures"
package authz.rules.revocation

import data.authz.ask

# METADATA
# title: It cannot be told whether the session was cut off
deny contains "revocation_unknown" if {
	not ask.public
	not _known
}

# METADATA
# title: The session was revoked
deny contains "session_revoked" if {
	not ask.public
	not input.context.revocation.session == "clear"
}

# METADATA
# title: The subject is banned
deny contains "subject_banned" if {
	not ask.public
	not input.context.revocation.subject == "clear"
}

_known if input.context.revocation.state == "fresh"

# The decision point measures "short" by the same row.
_known if {
	input.context.revocation.state == "stale"
	input.context.revocation.stale_for == "short"
	ask.reads_on
}
