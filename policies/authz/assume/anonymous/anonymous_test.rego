package authz.assume.anonymous_test

import data.authz.assume.anonymous
import data.authz.golden_test as golden

_calling(request, claims) := json.patch(request, [
	{"op": "add", "path": "/context/caller", "value": {"kind": "token", "name": "default"}},
	{"op": "add", "path": "/context/claims", "value": claims},
])

test_is_impossible[name] if {
	some name, request in {
		"an id": golden.with_value(golden.stranger, "/subject/id", "u-1"),
		"an account": golden.with_value(golden.stranger, "/subject/properties/account", "active"),
		"a role": golden.with_value(golden.stranger, "/subject/properties/role", "doctor"),
		"a session": golden.with_value(golden.stranger, "/context/credential/state", "valid"),
		"a session of another house": golden.with_value(golden.stranger, "/context/credential/state", "delegated"),
		"a fresh factor, by a caller": _calling(golden.stranger, {"elevation": "fresh"}),
	}
	anonymous.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
	}
	not anonymous.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not anonymous.impossible with data.authz.tables as golden.tables with input as {}
