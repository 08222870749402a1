package authz.rules.protected_patients_test

import data.authz.golden_test as golden
import data.authz.rules.protected_patients

import data.authz.tables

_protected := golden.with_value(golden.doctor, "/resource/id", "p-017")

_elevated := json.patch(_protected, [
	{"op": "replace", "path": "/context/credential/acr", "value": tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

test_other_patients_need_no_factor if protected_patients.deny == set() with input as golden.doctor

test_service_of_that_id_is_no_patient if {
	protected_patients.deny == set() with input as golden.with_value(_protected, "/resource/type", "service")
}

test_protected_patient_needs_a_factor if {
	protected_patients.deny == {"step_up_required"} with input as _protected
	{duty.id | some duty in protected_patients.oblige} == {"step_up"} with input as _protected
}

test_fresh_factor_is_enough if {
	protected_patients.deny == set() with input as _elevated
	protected_patients.oblige == set() with input as _elevated
}

test_factor_that_does_not_hold_is_denied[path] if {
	some path in ["/context/credential/acr", "/context/credential/elevation"]
	protected_patients.deny == {"step_up_required"} with input as golden.with_value(_elevated, path, "expired")
}

test_empty_input_is_silent if {
	protected_patients.deny == set() with input as {}
	protected_patients.oblige == set() with input as {}
}
