# METADATA
# title: Neither the session nor its subject has been cut off
# description: Only a fresh answer clears. A stale or missing one denies.
# custom:
#   sp800_207: "2.1, tenet 6: dynamic, strictly enforced"
#   hipaa: "45 CFR 164.308(a)(3)(ii)(C), termination procedures"
package authz.rules.revocation

import data.authz.ask

# METADATA
# title: The revocation list is not fresh
deny contains "revocation_unknown" if {
	not ask.public
	not input.context.revocation.state == "fresh"
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
