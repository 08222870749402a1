# METADATA
# title: The role has the right
# description: |
#   Grants what the table of rights gives the role. Asking for a right that the
#   role never has ends the session where the action's row says so, by a request
#   that changes something and came with the token in a header (which no other
#   site can forge).
# custom:
#   sp800_207: "2.1, tenets 3 and 4"
#   hipaa: "45 CFR 164.312(a)(1), access control"
package authz.rules.role

import data.authz.ask

# METADATA
# title: The table of rights gives this to the role
grant contains "role" if {
	ask.reach
	not ask.public
}

# METADATA
# title: Everybody may ask this
grant contains "public" if ask.public

# METADATA
# title: The role does not have the right
deny contains "role_forbidden" if {
	not ask.public
	not ask.reach
}

# METADATA
# title: A forbidden change ends the session where its row says so
oblige contains {
	"id": "revoke_session",
	"type": "revoke",
	"properties": {"reason": "role_forbidden"},
} if {
	ask.changes
	ask.ends_session
	not ask.public
	not ask.reach
	input.subject.properties.account == "active"
	input.context.credential.state == "valid"
	input.context.credential.presented == "header"
	input.context.device.match == "same"
}
