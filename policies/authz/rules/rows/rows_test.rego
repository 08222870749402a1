package authz.rules.rows_test

import data.authz.golden_test as golden
import data.authz.rules.rows

_limit := {"id": "row_condition", "type": "filter", "properties": {"rows": "data.records.rows.include"}}

test_reach_limits_rows[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"own sessions": golden.acting(golden.doctor, "session.list"),
		"restoring": golden.acting(golden.security, "patient.restore"),
	}
	rows.oblige == {_limit} with data.authz.tables as golden.tables with input as request
}

test_prediction_touches_no_rows if {
	rows.oblige == set() with data.authz.tables as golden.tables with input as golden.acting(golden.doctor, "model.predict")
}

test_empty_input_is_silent if rows.oblige == set() with data.authz.tables as golden.tables with input as {}
