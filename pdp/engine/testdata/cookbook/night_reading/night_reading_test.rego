package authz.rules.night_reading_test

import data.authz.golden_test as golden
import data.authz.rules.night_reading

import data.authz.tables

_at_night := json.patch(golden.doctor, [
	{"op": "replace", "path": "/context/time/period", "value": "night"},
	{"op": "replace", "path": "/context/location/place", "value": "off_site"},
])

test_night_off_site_is_denied_with_a_challenge if {
	night_reading.deny == {"step_up_required"} with input as _at_night
	{duty.id | some duty in night_reading.oblige} == {"step_up"} with input as _at_night
}

test_each_reason_alone_is_not_enough[name] if {
	some name, case in {
		"by day": {"path": "/context/time/period", "value": "day"},
		"on-site": {"path": "/context/location/place", "value": "on_site"},
		"another action": {"path": "/action/name", "value": "patient.list"},
	}
	request := golden.with_value(_at_night, case.path, case.value)
	night_reading.deny == set() with input as request
	night_reading.oblige == set() with input as request
}

_elevated := json.patch(_at_night, [
	{"op": "replace", "path": "/context/credential/acr", "value": tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

test_fresh_factor_is_enough if night_reading.deny == set() with input as _elevated

test_factor_that_does_not_hold_is_denied[path] if {
	some path in ["/context/credential/acr", "/context/credential/elevation"]
	night_reading.deny == {"step_up_required"} with input as golden.with_value(_elevated, path, "expired")
}

test_empty_input_is_silent if {
	night_reading.deny == set() with input as {}
	night_reading.oblige == set() with input as {}
}
