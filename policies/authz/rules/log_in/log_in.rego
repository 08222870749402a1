# METADATA
# title: Whether a proven identity gets a session
# description: Asked by the policy administrator after authentication, before it signs anything.
# custom:
#   sp800_207: "2.1, tenet 6"
#   iso_27001: "A.8.5, secure authentication"
package authz.rules.log_in

# METADATA
# title: Fewer than two factors were proven
deny contains "factor_missing" if {
	_creating
	not input.context.credential.factors == "two"
}

# METADATA
# title: The account is pending, disabled or gone
deny contains "account_inactive" if {
	_creating
	not input.subject.properties.account == "active"
}

# METADATA
# title: It cannot be told whether the subject is banned
deny contains "revocation_unknown" if {
	_creating
	not input.context.revocation.state == "fresh"
}

# METADATA
# title: The subject is banned
deny contains "subject_banned" if {
	_creating
	not input.context.revocation.subject == "clear"
}

# METADATA
# title: New log-ins of this account are barred for a while
deny contains "log_in_barred" if {
	_creating
	not input.context.revocation.log_in == "clear"
}

_creating if input.action.name == "session.create"
