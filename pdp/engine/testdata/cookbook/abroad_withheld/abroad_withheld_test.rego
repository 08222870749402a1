package authz.rules.abroad_withheld_test

import data.authz.golden_test as golden
import data.authz.rules.abroad_withheld

_in(country) := json.patch(golden.doctor, [
	{"op": "replace", "path": "/context/location/place", "value": "off_site"},
	{"op": "replace", "path": "/context/location/country", "value": country},
])

_withheld contains field if {
	some duty in abroad_withheld.oblige
	some field in duty.properties.fields
}

test_abroad_withholds[country] if {
	some country in ["FR", ""]
	_withheld == {"chronic_conditions", "diagnoses"} with input as _in(country)
}

test_never_withholds_allergies if not "allergies" in _withheld with input as _in("FR")

test_at_home_or_on_site_withholds_nothing if {
	abroad_withheld.oblige == set() with input as _in("DE")
	abroad_withheld.oblige == set() with input as golden.doctor
}

test_models_have_no_fields if {
	abroad_withheld.oblige == set() with input as golden.with_value(_in("FR"), "/resource/type", "model")
}

test_empty_input_is_silent if abroad_withheld.oblige == set() with input as {}
