package authz.rules.bulk_reading_test

import data.authz.golden_test as golden
import data.authz.rules.bulk_reading

_challenge := {
	"id": "step_up",
	"type": "challenge",
	"properties": {"acr_values": golden.tables.step_up_acr, "max_age": golden.tables.thresholds.elevation_seconds},
}

# Off-site: on-site, who treats is not counted.
_doctor := golden.with_value(golden.doctor, "/context/location/place", "off_site")

_nurse := golden.with_value(golden.nurse, "/context/location/place", "off_site")

_having_read(request, word) := golden.with_value(request, "/context/signals/patients", word)

_elevated(request) := json.patch(request, [
	{"op": "replace", "path": "/context/credential/acr", "value": golden.tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

test_usual_reading_goes_on[word] if {
	some word in ["usual", ""]
	bulk_reading.deny == set() with data.authz.tables as golden.tables with input as _having_read(_doctor, word)
	bulk_reading.oblige == set() with data.authz.tables as golden.tables with input as _having_read(_doctor, word)
}

test_many_patients_need_a_fresh_factor[name] if {
	some name, request in {
		"doctor": _doctor,
		"nurse": _nurse,
		"list": golden.acting(_doctor, "patient.list"),
		"services": golden.acting(_nurse, "service.list"),
	}
	bulk_reading.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as _having_read(request, "many")
	bulk_reading.oblige == {_challenge} with data.authz.tables as golden.tables with input as _having_read(request, "many")
}

test_fresh_factor_reads_on if {
	bulk_reading.deny == set() with data.authz.tables as golden.tables with input as _elevated(_having_read(_doctor, "many"))
	bulk_reading.oblige == set() with data.authz.tables as golden.tables with input as _elevated(_having_read(_doctor, "many"))
}

test_fresh_factor_that_another_enforcement_point_saw_reads_on if {
	request := golden.claiming(_having_read(_doctor, "many"), {"elevation": "fresh"})
	bulk_reading.deny == set() with data.authz.tables as golden.tables with input as request
	bulk_reading.oblige == set() with data.authz.tables as golden.tables with input as request
}

test_elevation_that_does_not_hold_is_denied[name] if {
	some name, case in {
		"ended": {"path": "/context/credential/elevation", "value": "expired"},
		"of a lower level": {"path": "/context/credential/acr", "value": "urn:wardgate:acr:two-factor"},
	}
	request := golden.with_value(_elevated(_having_read(_doctor, "many")), case.path, case.value)
	bulk_reading.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as request
}

test_far_more_patients_are_denied_to_everybody if {
	bulk_reading.deny == {"bulk_reading"} with data.authz.tables as golden.tables with input as _having_read(_doctor, "far_more")
	bulk_reading.deny == {"bulk_reading"} with data.authz.tables as golden.tables with input as _elevated(_having_read(_nurse, "far_more"))
	bulk_reading.oblige == set() with data.authz.tables as golden.tables with input as _having_read(_doctor, "far_more")
}

test_changes_and_the_own_record_are_not_judged[name] if {
	some name, request in {
		"adding a service": golden.acting(_doctor, "service.add"),
		"completing a service": golden.acting(_nurse, "service.complete"),
		"a patient": golden.patient,
	}
	some word in ["many", "far_more"]
	bulk_reading.deny == set() with data.authz.tables as golden.tables with input as _having_read(request, word)
}

test_who_treats_on_site_reads_on[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"list": golden.acting(golden.doctor, "patient.list"),
		"orders": golden.acting(golden.nurse, "service.list"),
	}
	some word in ["many", "far_more"]
	bulk_reading.deny == set() with data.authz.tables as golden.tables with input as _having_read(request, word)
	bulk_reading.oblige == set() with data.authz.tables as golden.tables with input as _having_read(request, word)
}

test_empty_input_is_silent if {
	bulk_reading.deny == set() with data.authz.tables as golden.tables with input as {}
	bulk_reading.oblige == set() with data.authz.tables as golden.tables with input as {}
}

test_readers_of_the_whole_hospital_are_counted_too if {
	rights := {"Patient Health overview": {"doctor": "all"}}
	bulk_reading.deny == {"bulk_reading"} with data.authz.tables as golden.tables with input as _having_read(_doctor, "far_more") with data.authz.tables.rights as rights
	bulk_reading.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as _having_read(_doctor, "many") with data.authz.tables.rights as rights
}
