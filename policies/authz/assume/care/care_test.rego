package authz.assume.care_test

import data.authz.assume.care
import data.authz.golden_test as golden

test_is_impossible[name] if {
	some name, request in {
		"treats, without a staff record": golden.with_value(golden.doctor, "/subject/properties/staff", ""),
		"treats, unknown": json.patch(golden.doctor, [{"op": "replace", "path": "/context/care/state", "value": "unknown"}, {"op": "replace", "path": "/context/care/same_department", "value": false}]),
		"the same department, without one": golden.with_value(golden.nurse, "/subject/properties/department", ""),
		"the same department, unknown": golden.with_value(golden.nurse, "/context/care/state", "unknown"),
		"the own record, without one": golden.with_value(golden.patient, "/subject/properties/patient", ""),
		"the own record, unknown": golden.with_value(golden.patient, "/context/care/state", "unknown"),
	}
	care.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
	}
	not care.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not care.impossible with data.authz.tables as golden.tables with input as {}
