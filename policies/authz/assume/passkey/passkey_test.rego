package authz.assume.passkey_test

import data.authz.assume.passkey
import data.authz.golden_test as golden

_by(amr, factors) := json.patch(golden.doctor, [
	{"op": "replace", "path": "/context/credential/amr", "value": amr},
	{"op": "replace", "path": "/context/credential/factors", "value": factors},
])

test_passkey_of_one_factor_is_impossible[factors] if {
	some factors in ["one", "none"]
	passkey.impossible with data.authz.tables as golden.tables with input as _by("pop", factors)
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"a passkey": _by("pop mfa", "two"),
		"behind a password": _by("pwd pop mfa", "two"),
		"a password alone": _by("pwd", "one"),
	}
	not passkey.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not passkey.impossible with data.authz.tables as golden.tables with input as {}
