package authz.rules.care_test

import data.authz.golden_test as golden
import data.authz.rules.care

test_own_patient_is_not_denied if care.deny == set() with data.authz.tables as golden.tables with input as golden.doctor

test_colleagues_patient_is_denied if {
	request := golden.with_value(golden.doctor, "/context/care/treats", false)
	care.deny == {"not_your_patient"} with data.authz.tables as golden.tables with input as request
}

test_list_is_limited_by_rows_instead if {
	request := json.patch(golden.acting(golden.doctor, "patient.list"), [
		{"op": "replace", "path": "/resource/id", "value": ""},
		{"op": "replace", "path": "/context/care/state", "value": "unknown"},
		{"op": "replace", "path": "/context/care/treats", "value": false},
	])
	care.deny == set() with data.authz.tables as golden.tables with input as request
}

test_outage_of_care_is_denied[name] if {
	some name, case in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
	}
	some state in ["unknown", "stale"]
	care.deny == {"care_unknown"} with data.authz.tables as golden.tables with input as golden.with_value(case, "/context/care/state", state)
}

test_outage_is_not_told_as_somebody_elses_patient if {
	request := json.patch(golden.doctor, [
		{"op": "replace", "path": "/context/care/state", "value": "unknown"},
		{"op": "replace", "path": "/context/care/treats", "value": false},
	])
	care.deny == {"care_unknown"} with data.authz.tables as golden.tables with input as request
}

test_nurse_is_judged_by_department_instead if care.deny == set() with data.authz.tables as golden.tables with input as golden.nurse

test_empty_input_is_silent if care.deny == set() with data.authz.tables as golden.tables with input as {}

test_missing_facts_are_denied if {
	request := json.remove(golden.doctor, ["/context/care", "/resource/id"])
	care.deny == {"care_unknown", "not_your_patient"} with data.authz.tables as golden.tables with input as request
}
