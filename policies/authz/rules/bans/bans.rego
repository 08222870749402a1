# METADATA
# title: Nobody administers the own account
# description: |
#   Whoever manages users cannot lift the own ban, approve the own account, or
#   lock the last door behind oneself: a second person does that.
# custom:
#   sp800_207: "2.1, tenet 3: least privilege, for administrators too"
#   iso_27001: "A.5.3, segregation of duties"
package authz.rules.bans

import data.authz.ask

# METADATA
# title: The account to be changed is the own
deny contains "own_account" if {
	input.resource.type == "user"
	ask.changes
	input.resource.id == input.subject.id
}
