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
	role.grant == {"role"} with input as golden.doctor
	role.deny == set() with input as golden.doctor
	role.oblige == set() with input as golden.doctor
}

test_everybody_may_log_in if {
	role.grant == {"public"} with input as golden.stranger
	role.deny == set() with input as golden.stranger
	role.oblige == set() with input as golden.stranger
}

test_forbidden_change_ends_the_session if {
	role.grant == set() with input as _nurse_editing
	role.deny == {"role_forbidden"} with input as _nurse_editing
	role.oblige == {_revoke} with input as _nurse_editing
}

test_forbidden_reading_leaves_the_session if {
	request := golden.acting(golden.nurse, "bill.list")
	role.deny == {"role_forbidden"} with input as request
	role.oblige == set() with input as request
}

test_unknown_action_leaves_the_session if {
	request := golden.acting(golden.nurse, "service.burn")
	role.deny == {"role_forbidden"} with input as request
	role.oblige == set() with input as request
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
	role.deny == {"role_forbidden"} with input as request
	role.oblige == set() with input as request
}

test_empty_input_is_denied if {
	role.grant == set() with input as {}
	role.deny == {"role_forbidden"} with input as {}
	role.oblige == set() with input as {}
}
