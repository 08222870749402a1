package authz.rules.step_up_test

import data.authz.golden_test as golden
import data.authz.rules.step_up
import data.authz.tables

_challenge := {
	"id": "step_up",
	"type": "challenge",
	"properties": {"acr_values": tables.step_up_acr, "max_age": tables.thresholds.elevation_seconds},
}

_editing := golden.acting(golden.doctor, "service.edit")

_elevated := json.patch(_editing, [
	{"op": "replace", "path": "/context/credential/acr", "value": tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

test_reading_needs_no_fresh_factor if {
	step_up.deny == set() with input as golden.doctor
	step_up.oblige == set() with input as golden.doctor
}

test_change_needs_a_fresh_factor[action] if {
	some action in ["service.edit", "service.delete", "patient.delete"]
	request := golden.acting(golden.doctor, action)
	step_up.deny == {"step_up_required"} with input as request
	step_up.oblige == {_challenge} with input as request
}

test_clinical_change_off_site_needs_a_fresh_factor[name] if {
	some name, case in {
		"adding a patient": {"who": golden.doctor, "action": "patient.add"},
		"adding a service": {"who": golden.doctor, "action": "service.add"},
		"completing a service": {"who": golden.nurse, "action": "service.complete"},
	}
	request := golden.acting(case.who, case.action)
	off_site := golden.with_value(request, "/context/location/place", "off_site")
	step_up.deny == set() with input as request
	step_up.deny == {"step_up_required"} with input as off_site
	step_up.oblige == {_challenge} with input as off_site
}

test_believed_caller_may_have_seen_a_fresh_factor if {
	request := golden.claiming(_editing, {"elevation": "fresh"})
	step_up.deny == set() with input as request
	step_up.oblige == set() with input as request
}

test_callers_word_for_a_fresh_factor_does_not_count[name] if {
	said := golden.claiming(_editing, {"elevation": "fresh"})
	some name, request in {
		"other words": golden.with_value(said, "/context/claims/elevation", "yes"),
		"not said": golden.claiming(_editing, {}),
		"beside a session": golden.with_value(said, "/context/credential/state", "valid"),
		"a debt to this house": golden.with_value(said, "/context/revocation/step_up", "owed"),
		"a debt that nobody knows of": golden.with_value(said, "/context/revocation/step_up", ""),
	}
	step_up.deny == {"step_up_required"} with input as request
	step_up.oblige == {_challenge} with input as request
}

test_subject_who_owes_a_factor_needs_one_for_everything[name] if {
	some name, request in {"reading": golden.doctor, "nurse": golden.nurse}
	owing := golden.with_value(request, "/context/revocation/step_up", "owed")
	step_up.deny == {"step_up_required"} with input as owing
	step_up.oblige == {_challenge} with input as owing
}

test_subject_who_owes_a_factor_may_prove_it_or_leave[action] if {
	some action in ["session.elevate", "session.end"]
	owing := golden.with_value(golden.acting(golden.doctor, action), "/context/revocation/step_up", "owed")
	step_up.deny == set() with input as owing
	step_up.oblige == set() with input as owing
}

test_reading_off_site_needs_no_fresh_factor if {
	step_up.deny == set() with input as golden.with_value(golden.doctor, "/context/location/place", "off_site")
}

test_fresh_factor_is_enough if {
	step_up.deny == set() with input as _elevated
	step_up.oblige == set() with input as _elevated
}

test_elevation_that_does_not_hold_is_denied[name] if {
	some name, case in {
		"ended": {"path": "/context/credential/elevation", "value": "expired"},
		"none": {"path": "/context/credential/elevation", "value": "none"},
		"of a lower level": {"path": "/context/credential/acr", "value": "urn:wardgate:acr:two-factor"},
	}
	request := golden.with_value(_elevated, case.path, case.value)
	step_up.deny == {"step_up_required"} with input as request
}

test_role_without_the_right_is_not_asked_for_a_factor if {
	request := golden.acting(golden.nurse, "service.edit")
	step_up.deny == set() with input as request
	step_up.oblige == set() with input as request
}

test_empty_input_is_silent if {
	step_up.deny == set() with input as {}
	step_up.oblige == set() with input as {}
}
