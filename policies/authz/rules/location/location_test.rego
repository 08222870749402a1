package authz.rules.location_test

import data.authz.golden_test as golden
import data.authz.rules.location
import data.authz.tables

_off_site := golden.with_value(golden.doctor, "/context/location/place", "off_site")

_withhold := {
	"id": "withhold",
	"type": "redact",
	"properties": {"fields": tables.withheld_off_site},
}

test_on_site_sees_everything if {
	location.deny == set() with input as golden.doctor
	location.oblige == set() with input as golden.doctor
}

test_off_site_withholds_fields if {
	location.deny == set() with input as _off_site
	location.oblige == {_withhold} with input as _off_site
}

test_off_site_withholds_fields_of_services if {
	request := golden.with_value(_off_site, "/resource/type", "service")
	location.oblige == {_withhold} with input as request
}

test_off_site_prediction_withholds_nothing if {
	request := golden.with_value(_off_site, "/resource/type", "model")
	location.oblige == set() with input as request
}

test_allergies_are_never_withheld if not "allergies" in tables.withheld_off_site

test_unknown_place_is_denied[name] if {
	some name, case in {
		"source out": {"path": "/context/location/state", "value": "unknown"},
		"source stale": {"path": "/context/location/state", "value": "stale"},
		"no place": {"path": "/context/location/place", "value": ""},
	}
	request := golden.with_value(golden.doctor, case.path, case.value)
	location.deny == {"location_unknown"} with input as request
}

test_public_action_is_not_denied if {
	request := golden.with_value(golden.stranger, "/context/location/state", "unknown")
	location.deny == set() with input as request
}

test_empty_input_is_denied if location.deny == {"location_unknown"} with input as {}
