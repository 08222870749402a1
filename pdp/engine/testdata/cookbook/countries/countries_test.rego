package authz.rules.countries_test

import data.authz.golden_test as golden
import data.authz.rules.countries

_from(country) := json.patch(golden.doctor, [
	{"op": "replace", "path": "/context/location/place", "value": "off_site"},
	{"op": "replace", "path": "/context/location/country", "value": country},
])

test_listed_country_is_not_denied[country] if {
	some country in ["AT", "CH", "DE"]
	countries.deny == set() with input as _from(country)
}

test_another_country_is_denied[country] if {
	some country in ["FR", ""]
	countries.deny == {"country_not_listed"} with input as _from(country)
}

test_on_site_has_no_country if countries.deny == set() with input as golden.doctor

test_log_in_page_stays_open if countries.deny == set() with input as golden.stranger

test_empty_input_is_silent if countries.deny == set() with input as {}
