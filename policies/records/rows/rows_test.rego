package records.rows_test

import data.authz.golden_test as golden
import data.records.rows

test_unlinked_subject_touches_nothing[name] if {
	some name, case in {
		"doctor without a staff record": {"request": golden.doctor, "path": "/subject/properties/staff"},
		"nurse without a department": {"request": golden.nurse, "path": "/subject/properties/department"},
		"patient without a record": {"request": golden.patient, "path": "/subject/properties/patient"},
	}
	rows.condition == {"type": "none"} with input as golden.with_value(case.request, case.path, "")
}

test_role_without_the_right_touches_nothing if {
	rows.condition == {"type": "none"} with input as golden.acting(golden.nurse, "service.edit")
}

test_empty_input_touches_nothing if rows.condition == {"type": "none"} with input as {}
