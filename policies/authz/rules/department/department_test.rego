package authz.rules.department_test

import data.authz.golden_test as golden
import data.authz.rules.department

test_own_department_is_not_denied if department.deny == set() with data.authz.tables as golden.tables with input as golden.nurse

test_another_department_is_denied if {
	request := golden.with_value(golden.nurse, "/context/care/same_department", false)
	department.deny == {"not_your_department"} with data.authz.tables as golden.tables with input as request
}

test_list_is_limited_by_rows_instead if {
	request := json.patch(golden.acting(golden.nurse, "patient.list"), [
		{"op": "replace", "path": "/resource/id", "value": ""},
		{"op": "replace", "path": "/context/care/same_department", "value": false},
	])
	department.deny == set() with data.authz.tables as golden.tables with input as request
}

test_doctor_is_not_judged_by_department if {
	request := golden.with_value(golden.doctor, "/context/care/same_department", false)
	department.deny == set() with data.authz.tables as golden.tables with input as request
}

test_outage_is_not_told_as_another_department if {
	request := json.patch(golden.nurse, [
		{"op": "replace", "path": "/context/care/state", "value": "unknown"},
		{"op": "replace", "path": "/context/care/same_department", "value": false},
	])
	department.deny == set() with data.authz.tables as golden.tables with input as request
}

test_missing_facts_are_denied if {
	request := json.remove(golden.nurse, ["/context/care", "/resource/id"])
	department.deny == {"not_your_department"} with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_silent if department.deny == set() with data.authz.tables as golden.tables with input as {}
