package authz.assume.location_test

import data.authz.assume.location
import data.authz.golden_test as golden

test_is_impossible[name] if {
	some name, request in {
		"unknown, and on-site": golden.with_value(golden.doctor, "/context/location/state", "unknown"),
		"unknown, in a country": json.patch(golden.doctor, [{"op": "replace", "path": "/context/location/state", "value": "unknown"}, {"op": "replace", "path": "/context/location/place", "value": ""}, {"op": "replace", "path": "/context/location/country", "value": "DE"}]),
		"known, and nowhere": golden.with_value(golden.doctor, "/context/location/place", ""),
	}
	location.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"unknown": json.patch(golden.doctor, [{"op": "replace", "path": "/context/location/state", "value": "unknown"}, {"op": "replace", "path": "/context/location/place", "value": ""}]),
	}
	not location.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not location.impossible with data.authz.tables as golden.tables with input as {}
