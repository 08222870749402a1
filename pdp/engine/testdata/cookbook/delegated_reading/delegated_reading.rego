# METADATA
# title: The word of another enforcement point is enough for reading only
# custom:
#   sp800_207: "2.1, tenet 6: authentication is enforced before access is allowed"
#   hipaa: "45 CFR 164.312(d), person or entity authentication"
package authz.rules.delegated_reading

import data.authz.ask

# METADATA
# title: A change was asked for on the word of another enforcement point
deny contains "delegated_change" if {
	input.context.credential.state == "delegated"
	ask.changes
}
