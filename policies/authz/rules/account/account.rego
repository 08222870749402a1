# METADATA
# title: The account behind the session is in good standing
# custom:
#   sp800_207: "2.1, tenet 6"
#   iso_27001: "A.5.16, identity management"
package authz.rules.account

import data.authz.ask

# METADATA
# title: ID management did not answer
# description: What it said a while ago is enough to read on-site, where the table says so.
deny contains "identity_unknown" if {
	not ask.public
	not _known
}

# METADATA
# title: The account is pending, disabled or gone
deny contains "account_inactive" if {
	not ask.public
	not input.subject.properties.account == "active"
}

_known if input.context.identity.state == "fresh"

_known if {
	input.context.identity.state == "stale"
	ask.reads_on
}
