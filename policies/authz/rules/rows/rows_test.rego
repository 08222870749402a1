package authz.rules.rows_test

import data.authz.golden_test as golden
import data.authz.rules.rows

test_reach_limits_rows[name] if {
	some name, case in {
		"doctor": {
			"request": golden.doctor,
			"want": {"type": "field", "operator": "eq", "field": "patient.doctor", "value": "s-doctor"},
		},
		"nurse": {
			"request": golden.nurse,
			"want": {"type": "field", "operator": "eq", "field": "patient.department", "value": "d-1"},
		},
		"patient": {
			"request": golden.patient,
			"want": {"type": "field", "operator": "eq", "field": "patient.id", "value": "p-1"},
		},
		"own sessions": {
			"request": golden.acting(golden.doctor, "session.list"),
			"want": {"type": "field", "operator": "eq", "field": "session.account", "value": "u-doctor"},
		},
	}
	want := {"id": "row_condition", "type": "filter", "properties": {"condition": case.want}}
	rows.oblige == {want} with input as case.request
}

test_restoring_touches_any_row if {
	want := {"id": "row_condition", "type": "filter", "properties": {"condition": {"type": "all"}}}
	rows.oblige == {want} with input as golden.acting(golden.security, "patient.restore")
}

test_prediction_touches_no_rows if {
	rows.oblige == set() with input as golden.acting(golden.doctor, "model.predict")
}

test_empty_input_is_silent if rows.oblige == set() with input as {}
