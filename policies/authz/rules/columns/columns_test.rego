package authz.rules.columns_test

import data.authz.golden_test as golden
import data.authz.rules.columns

_off_site := golden.with_value(golden.doctor, "/context/location/place", "off_site")

_withhold(fields) := {"id": "withhold", "type": "redact", "properties": {"fields": fields}}

test_nothing_to_mask_is_silent if columns.oblige == set() with data.authz.tables as golden.tables with input as golden.doctor

test_off_site_withholds_fields if {
	columns.oblige == {_withhold({"contact", "national_id"})} with data.authz.tables as golden.tables with input as _off_site
}

test_services_are_masked_too if {
	request := golden.with_value(_off_site, "/resource/type", "service")
	columns.oblige == {_withhold({"contact", "national_id"})} with data.authz.tables as golden.tables with input as request
}

test_prediction_withholds_nothing if {
	columns.oblige == set() with data.authz.tables as golden.tables with input as golden.with_value(_off_site, "/resource/type", "model")
}

test_role_without_the_right_is_shown_nothing_anyway if {
	columns.oblige == set() with data.authz.tables as golden.tables with input as golden.acting(_off_site, "bill.list")
}

test_empty_input_is_silent if columns.oblige == set() with data.authz.tables as golden.tables with input as {}
