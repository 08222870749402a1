package authz.rules.bulk_reading_test

import data.authz.golden_test as golden
import data.authz.rules.bulk_reading
import data.authz.tables

_challenge := {
	"id": "step_up",
	"type": "challenge",
	"properties": {"acr_values": tables.step_up_acr, "max_age": tables.thresholds.elevation_seconds},
}

_having_read(request, word) := golden.with_value(request, "/context/signals/patients", word)

_elevated(request) := json.patch(request, [
	{"op": "replace", "path": "/context/credential/acr", "value": tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

test_usual_reading_goes_on[word] if {
	some word in ["usual", ""]
	bulk_reading.deny == set() with input as _having_read(golden.doctor, word)
	bulk_reading.oblige == set() with input as _having_read(golden.doctor, word)
}

test_many_patients_need_a_fresh_factor[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"list": golden.acting(golden.doctor, "patient.list"),
		"services": golden.acting(golden.nurse, "service.list"),
	}
	bulk_reading.deny == {"step_up_required"} with input as _having_read(request, "many")
	bulk_reading.oblige == {_challenge} with input as _having_read(request, "many")
}

test_fresh_factor_reads_on if {
	bulk_reading.deny == set() with input as _elevated(_having_read(golden.doctor, "many"))
	bulk_reading.oblige == set() with input as _elevated(_having_read(golden.doctor, "many"))
}

test_fresh_factor_that_another_enforcement_point_saw_reads_on if {
	request := golden.claiming(_having_read(golden.doctor, "many"), {"elevation": "fresh"})
	bulk_reading.deny == set() with input as request
	bulk_reading.oblige == set() with input as request
}

test_elevation_that_does_not_hold_is_denied[name] if {
	some name, case in {
		"ended": {"path": "/context/credential/elevation", "value": "expired"},
		"of a lower level": {"path": "/context/credential/acr", "value": "urn:wardgate:acr:two-factor"},
	}
	request := golden.with_value(_elevated(_having_read(golden.doctor, "many")), case.path, case.value)
	bulk_reading.deny == {"step_up_required"} with input as request
}

test_far_more_patients_are_denied_to_everybody if {
	bulk_reading.deny == {"bulk_reading"} with input as _having_read(golden.doctor, "far_more")
	bulk_reading.deny == {"bulk_reading"} with input as _elevated(_having_read(golden.nurse, "far_more"))
	bulk_reading.oblige == set() with input as _having_read(golden.doctor, "far_more")
}

test_changes_and_the_own_record_are_not_judged[name] if {
	some name, request in {
		"adding a service": golden.acting(golden.doctor, "service.add"),
		"completing a service": golden.acting(golden.nurse, "service.complete"),
		"a patient": golden.patient,
	}
	some word in ["many", "far_more"]
	bulk_reading.deny == set() with input as _having_read(request, word)
}

test_empty_input_is_silent if {
	bulk_reading.deny == set() with input as {}
	bulk_reading.oblige == set() with input as {}
}

test_readers_of_the_whole_hospital_are_counted_too if {
	rights := {"Patient Health overview": {"doctor": "all"}}
	bulk_reading.deny == {"bulk_reading"} with input as _having_read(golden.doctor, "far_more") with tables.rights as rights
	bulk_reading.deny == {"step_up_required"} with input as _having_read(golden.doctor, "many") with tables.rights as rights
}
