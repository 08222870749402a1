# METADATA
# title: Whether a session goes on
# description: |
#   Asked by the policy administrator at every refresh, with the account behind
#   the session as the subject. A denial ends the session, but for what could
#   not be found out, which ends nothing and issues nothing. A bar that grew
#   from failed log-ins is no reason.
# custom:
#   sp800_207: "2.1, tenet 6: access is reevaluated during the session"
#   hipaa: "45 CFR 164.312(a)(2)(iii), automatic logoff"
package authz.rules.refresh

import data.authz.tables

# METADATA
# title: ID management did not answer
deny contains "identity_unknown" if {
	_continuing
	not _identified
}

# METADATA
# title: The account is pending, disabled or gone
deny contains "account_inactive" if {
	_continuing
	_identified
	not input.subject.properties.account == "active"
}

# METADATA
# title: The revocation list is not fresh
deny contains "revocation_unknown" if {
	_continuing
	not input.context.revocation.state == "fresh"
}

# METADATA
# title: The subject is banned
deny contains "subject_banned" if {
	_continuing
	not input.context.revocation.subject == "clear"
}

# METADATA
# title: The session is used from elsewhere than it began
# description: Further than the table's distance, from another country, or no longer saying where.
deny contains "location_drifted" if {
	_continuing
	input.context.location.drift == "moved"
}

# METADATA
# title: The country is no longer known
# description: The hospital's own networks have none, and are no reason.
deny contains "location_drifted" if {
	_continuing
	input.context.location.drift == "hidden"
	not input.context.location.place == "on_site"
}

# METADATA
# title: The client says that it is elsewhere, or no longer says where it is
# description: |
#   Its coordinates are its own word: a phone that loses its satellites, or a
#   consent that is withdrawn, ends nothing. People are told, once for so long.
oblige contains {
	"id": "alert",
	"type": "alert",
	"properties": {"seconds": tables.limits.claimed_place_alert_seconds, "reason": "claimed_drift"},
} if {
	_continuing
	input.context.location.claimed_drift in {"moved", "lost"}
}

_continuing if input.action.name == "session.continue"

_identified if input.context.identity.state == "fresh"
