# METADATA
# title: Whether a machine gets a session
# description: |
#   Asked by the policy administrator when a machine has shown its key: a SIEM,
#   say, whose rules ban and revoke. A machine has one factor, and no more than
#   the rights that the table gives its role, which is one of kind machine.
# custom:
#   sp800_207: "2.1, tenet 6"
#   iso_27001: "A.5.16, identity management"
package authz.rules.machines

import data.authz.tables

# METADATA
# title: The account is no machine's, or not in good standing
deny contains "account_inactive" if {
	_beginning
	not _good_standing
}

# METADATA
# title: It cannot be told whether the machine is banned
deny contains "revocation_unknown" if {
	_beginning
	not input.context.revocation.state == "fresh"
}

# METADATA
# title: The machine is banned
deny contains "subject_banned" if {
	_beginning
	not input.context.revocation.subject == "clear"
}

_beginning if input.action.name == "machine.log_in"

_good_standing if {
	input.subject.properties.account == "active"
	tables.roles[input.subject.properties.role].kind == "machine"
}
