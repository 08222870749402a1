package authz.assume.time_test

import data.authz.assume.time
import data.authz.golden_test as golden

test_is_impossible[name] if {
	some name, request in {
		"unknown, by day": golden.with_value(golden.doctor, "/context/time/state", "unknown"),
		"known, at no hour": golden.with_value(golden.doctor, "/context/time/period", ""),
	}
	time.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"unknown": golden.with_value(golden.doctor, "/context/time", {"state": "unknown", "period": ""}),
	}
	not time.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not time.impossible with data.authz.tables as golden.tables with input as {}
