package authz.rules.location_test

import data.authz.golden_test as golden
import data.authz.rules.location

_off_site := golden.with_value(golden.doctor, "/context/location/place", "off_site")

test_known_place_is_not_denied if {
	location.deny == set() with data.authz.tables as golden.tables with input as golden.doctor
	location.deny == set() with data.authz.tables as golden.tables with input as _off_site
}

test_unknown_place_is_denied[name] if {
	some name, case in {
		"source out": {"path": "/context/location/state", "value": "unknown"},
		"source stale": {"path": "/context/location/state", "value": "stale"},
		"no place": {"path": "/context/location/place", "value": ""},
	}
	request := golden.with_value(golden.doctor, case.path, case.value)
	location.deny == {"location_unknown"} with data.authz.tables as golden.tables with input as request
}

test_public_action_is_not_denied if {
	request := golden.with_value(golden.stranger, "/context/location/state", "unknown")
	location.deny == set() with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_denied if location.deny == {"location_unknown"} with data.authz.tables as golden.tables with input as {}
