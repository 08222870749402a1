package authz.assume.revocation_test

import data.authz.assume.revocation
import data.authz.golden_test as golden

test_is_impossible[name] if {
	some name, request in {
		"stale for no time": golden.with_value(golden.doctor, "/context/revocation/state", "stale"),
		"fresh, stale for long": golden.with_value(golden.doctor, "/context/revocation/stale_for", "long"),
	}
	revocation.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"stale": json.patch(golden.doctor, [{"op": "replace", "path": "/context/revocation/state", "value": "stale"}, {"op": "replace", "path": "/context/revocation/stale_for", "value": "short"}]),
	}
	not revocation.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not revocation.impossible with data.authz.tables as golden.tables with input as {}
