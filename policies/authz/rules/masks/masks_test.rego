package authz.rules.masks_test

import data.authz.golden_test as golden
import data.authz.rules.masks

_table := {"patient.read": {
	"doctor": {"pointers": ["/a"]},
	"anyone": {"pointers": ["/b"], "pass": ["image/png"]},
	"off_site": {"pointers": ["/c"]},
}}

_mask(row) := {"id": "mask_response", "type": "redact", "properties": row}

_everybody := _mask({"pointers": ["/b"], "pass": ["image/png"]})

_doctor := _mask({"pointers": ["/a"]})

_off_site := _mask({"pointers": ["/c"]})

test_masks_add_up[name] if {
	some name, case in {
		"nurse": {"request": golden.nurse, "want": {_everybody}},
		"doctor": {"request": golden.doctor, "want": {_everybody, _doctor}},
		"off-site": {
			"request": golden.with_value(golden.doctor, "/context/location/place", "off_site"),
			"want": {_everybody, _doctor, _off_site},
		},
		"nobody knows where": {
			"request": golden.with_value(golden.nurse, "/context/location/place", ""),
			"want": {_everybody, _off_site},
		},
		"no role": {"request": json.remove(golden.nurse, ["/subject/properties/role"]), "want": {_everybody}},
	}
	masks.oblige == case.want with data.authz.tables as golden.tables with input as case.request with data.authz.tables.masks as _table
}

test_other_actions_are_not_masked if {
	masks.oblige == set() with data.authz.tables as golden.tables with input as golden.acting(golden.doctor, "patient.list")
		with data.authz.tables.masks as _table
}

test_nothing_is_masked_before_a_row_says_so if masks.oblige == set() with data.authz.tables as golden.tables with input as golden.doctor

test_empty_input_is_silent if masks.oblige == set() with data.authz.tables as golden.tables with input as {}
