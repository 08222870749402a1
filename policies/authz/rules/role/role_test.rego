package authz.rules.role_test

import data.authz.golden_test as golden
import data.authz.rules.role

_revoke := {
	"id": "revoke_session",
	"type": "revoke",
	"properties": {"reason": "role_forbidden"},
}

_nurse_editing := golden.acting(golden.nurse, "service.edit")

test_role_with_the_right_is_granted if {
	role.grant == {"role"} with data.authz.tables as golden.tables with input as golden.doctor
	role.deny == set() with data.authz.tables as golden.tables with input as golden.doctor
	role.oblige == set() with data.authz.tables as golden.tables with input as golden.doctor
}

test_everybody_may_log_in if {
	role.grant == {"public"} with data.authz.tables as golden.tables with input as golden.stranger
	role.deny == set() with data.authz.tables as golden.tables with input as golden.stranger
	role.oblige == set() with data.authz.tables as golden.tables with input as golden.stranger
}

test_forbidden_change_ends_the_session if {
	role.grant == set() with data.authz.tables as golden.tables with input as _nurse_editing
	role.deny == {"role_forbidden"} with data.authz.tables as golden.tables with input as _nurse_editing
	role.oblige == {_revoke} with data.authz.tables as golden.tables with input as _nurse_editing
}

test_forbidden_reading_leaves_the_session if {
	request := golden.acting(golden.nurse, "bill.list")
	role.deny == {"role_forbidden"} with data.authz.tables as golden.tables with input as request
	role.oblige == set() with data.authz.tables as golden.tables with input as request
}

# Slips, and what treats or adds: the row does not say so.
test_forbidden_change_leaves_the_session_unless_its_row_says_so[action] if {
	some action in ["service.add", "patient.add", "signal.report"]
	request := golden.acting(golden.nurse, action)
	role.deny == {"role_forbidden"} with data.authz.tables as golden.tables with input as request
	role.oblige == set() with data.authz.tables as golden.tables with input as request
}

test_a_row_may_say_so if {
	request := golden.acting(golden.nurse, "service.add")
	rows := {"service.add": {"right": "Add clinical services", "changes": true, "ends_session": true}}
	role.oblige == {_revoke} with data.authz.tables as golden.tables with input as request with data.authz.tables.actions as rows
}

test_unknown_action_leaves_the_session if {
	request := golden.acting(golden.nurse, "service.burn")
	role.deny == {"role_forbidden"} with data.authz.tables as golden.tables with input as request
	role.oblige == set() with data.authz.tables as golden.tables with input as request
}

test_change_that_proves_nothing_leaves_the_session[name] if {
	some name, case in {
		"token in a cookie": {"path": "/context/credential/presented", "value": "cookie"},
		"expired token": {"path": "/context/credential/state", "value": "expired"},
		"forged token": {"path": "/context/credential/state", "value": "invalid"},
		"another device": {"path": "/context/device/match", "value": "changed"},
		"account gone": {"path": "/subject/properties/account", "value": ""},
	}
	request := golden.with_value(_nurse_editing, case.path, case.value)
	role.deny == {"role_forbidden"} with data.authz.tables as golden.tables with input as request
	role.oblige == set() with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_denied if {
	role.grant == set() with data.authz.tables as golden.tables with input as {}
	role.deny == {"role_forbidden"} with data.authz.tables as golden.tables with input as {}
	role.oblige == set() with data.authz.tables as golden.tables with input as {}
}
