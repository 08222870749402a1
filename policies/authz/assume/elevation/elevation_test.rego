package authz.assume.elevation_test

import data.authz.assume.elevation
import data.authz.golden_test as golden

_elevated := json.patch(golden.doctor, [
	{"op": "replace", "path": "/context/credential/acr", "value": golden.tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

test_is_impossible[name] if {
	some name, request in {
		"of another level": golden.with_value(golden.doctor, "/context/credential/elevation", "fresh"),
		"by one factor": golden.with_value(_elevated, "/context/credential/factors", "one"),
		"by no named factor": golden.with_value(_elevated, "/context/credential/amr", ""),
		"expired, of another level": golden.with_value(golden.doctor, "/context/credential/elevation", "expired"),
	}
	elevation.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"fresh": _elevated,
		"expired": golden.with_value(_elevated, "/context/credential/elevation", "expired"),
	}
	not elevation.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not elevation.impossible with data.authz.tables as golden.tables with input as {}
