package authz.rules.step_up_test

import data.authz.golden_test as golden
import data.authz.rules.step_up

# A hospital whose doctors edit by passkey alone.
_strict := object.union(golden.tables, {"phishing_resistant": {"Edit clinical services", "Patient Health overview"}})

_by_passkey := {
	"id": "step_up",
	"type": "challenge",
	"properties": {"acr_values": "phr", "max_age": golden.tables.thresholds.elevation_seconds},
}

test_right_needs_a_factor_that_resists_phishing[name] if {
	some name, case in {
		"an app": {"amr": "pwd otp", "denied": {"passkey_required"}},
		"a mailed code": {"amr": "pwd email", "denied": {"passkey_required"}},
		"several of no name": {"amr": "pwd mfa", "denied": {"passkey_required"}},
		"a word that begins like it": {"amr": "pwd popular", "denied": {"passkey_required"}},
		"none": {"amr": "", "denied": {"passkey_required"}},
		"a passkey": {"amr": "pop mfa", "denied": set()},
		"a passkey behind a password": {"amr": "pwd pop mfa", "denied": set()},
	}
	reading := golden.with_value(golden.doctor, "/context/credential/amr", case.amr)
	editing := _elevate(golden.acting(golden.doctor, "service.edit"), case.amr)
	every request in [reading, editing] {
		step_up.deny == case.denied with data.authz.tables as _strict with input as request
		step_up.oblige == {_by_passkey | case.denied != set()} with data.authz.tables as _strict with input as request
	}
}

test_missing_passkey_is_asked_for_once if {
	editing := golden.acting(golden.doctor, "service.edit")
	step_up.deny == {"step_up_required", "passkey_required"} with data.authz.tables as _strict with input as editing
	step_up.oblige == {_by_passkey} with data.authz.tables as _strict with input as editing
}

test_passkey_of_a_log_in_is_no_fresh_factor if {
	editing := golden.with_value(golden.acting(golden.doctor, "service.edit"), "/context/credential/amr", "pop mfa")
	step_up.deny == {"step_up_required"} with data.authz.tables as _strict with input as editing
	step_up.oblige == {_challenge} with data.authz.tables as _strict with input as editing
}

test_passkey_of_another_house_is_none if {
	delegated := golden.with_value(_elevate(golden.acting(golden.doctor, "service.edit"), "pop mfa"), "/context/credential/state", "delegated")
	"passkey_required" in step_up.deny with data.authz.tables as _strict with input as delegated
}

test_right_that_needs_none_and_role_without_it_are_not_asked[name] if {
	some name, request in {
		"another right": golden.acting(golden.doctor, "patient.add"),
		"no right": golden.acting(golden.nurse, "service.edit"),
	}
	step_up.deny == set() with data.authz.tables as _strict with input as request
}

test_delivered_tables_ask_for_no_passkey if {
	step_up.deny == set() with data.authz.tables as golden.tables with input as _elevate(golden.acting(golden.doctor, "service.edit"), "pwd email")
}
