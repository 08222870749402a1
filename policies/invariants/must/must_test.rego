package invariants.must_test

import data.authz.golden_test as golden

_answer(decision, duties) := {"decision": decision, "context": {"reasons": set(), "obligations": duties}}

# A situation of each, in which its book must allow.
_situations := {
	"bans_are_lifted": golden.acting(golden.security, "ban.lift"),
	"doctors_correct": json.patch(golden.acting(golden.doctor, "service.edit"), [
		{"op": "replace", "path": "/context/credential/acr", "value": "urn:wardgate:acr:stepped-up"},
		{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
	]),
	"continuing": golden.with_value(golden.acting(golden.doctor, "session.continue"), "/resource/type", "session"),
	"doctors_list": golden.with_value(golden.acting(golden.doctor, "patient.list"), "/resource/id", ""),
	"doctors_order": golden.acting(golden.doctor, "service.add"),
	"doctors_read": golden.doctor,
	"emergency_reading": json.patch(golden.doctor, [
		{"op": "replace", "path": "/context/credential/state", "value": "delegated"},
		{"op": "replace", "path": "/context/device/match", "value": "unseen"},
		{"op": "add", "path": "/context/claims", "value": {"purpose": "emergency"}},
	]),
	"logging_in": golden.with_value(golden.acting(golden.doctor, "session.create"), "/resource/type", "session"),
	"logging_out": golden.with_value(golden.acting(golden.doctor, "session.end"), "/resource/type", "session"),
	"nurses_read": golden.nurse,
	"nurses_record_doses": golden.acting(golden.nurse, "service.complete"),
	"own_record": golden.patient,
	"public_ways": golden.with_value(golden.acting(golden.stranger, "log_in.attempt"), "/resource/type", "account"),
	"public_keys": golden.acting(golden.stranger, "key.list"),
	"reading_without_signals": json.patch(golden.doctor, [
		{"op": "replace", "path": "/context/signals/state", "value": "unknown"},
		{"op": "replace", "path": "/context/signals/patients", "value": ""},
	]),
	"stale_reading": _stale(golden.doctor),
	"stale_reading_by_nurses": _stale(golden.nurse),
	"stepping_up": golden.with_value(golden.acting(golden.doctor, "session.elevate"), "/resource/type", "session"),
	"stepping_up_unwatched": json.patch(golden.acting(golden.doctor, "session.elevate"), [
		{"op": "replace", "path": "/resource/type", "value": "session"},
		{"op": "replace", "path": "/context/signals/state", "value": "unknown"},
	]),
}

_stale(request) := json.patch(request, [
	{"op": "replace", "path": "/context/identity/state", "value": "stale"},
	{"op": "replace", "path": "/context/revocation/state", "value": "stale"},
	{"op": "replace", "path": "/context/revocation/stale_for", "value": "short"},
])

test_situation_is_asked_about[name] if {
	some name, request in _situations
	data.invariants.must[name].when with data.authz.tables as golden.tables with input as request
}

_by_cookie(request, method, site) := json.patch(request, [
	{"op": "replace", "path": "/context/credential/presented", "value": "cookie"},
	{"op": "replace", "path": "/context/credential/site", "value": site},
	{"op": "replace", "path": "/action/method", "value": method},
])

test_situation_of_a_browser_is_asked_about[name] if {
	some name, request in _situations
	every how in [["unsafe", "own"], ["safe", "foreign"]] {
		[method, site] := how
		sent := _by_cookie(request, method, site)
		data.invariants.must[name].when with data.authz.tables as golden.tables with input as sent
	}
}

test_what_another_site_begins_is_not_asked_about[name] if {
	some name, request in object.remove(_situations, {"emergency_reading"}) # in which no browser asks
	sent := _by_cookie(request, "unsafe", "foreign")
	not data.invariants.must[name].when with data.authz.tables as golden.tables with input as sent
}

test_allowing_keeps_it[name] if {
	some name, request in _situations
	data.invariants.must[name].then with data.authz.tables as golden.tables with input as request with data.authz.answer as _answer(true, set())
}

test_denying_breaks_it[name] if {
	some name, request in _situations
	not data.invariants.must[name].then with data.authz.tables as golden.tables with input as request with data.authz.answer as _answer(false, set())
}

_hiding := {
	"column": {"id": "withhold", "properties": {"fields": {"allergies"}}},
	"mask": {"id": "mask_response", "properties": {"pointers": {"/items/*/allergies"}}},
}

test_hiding_allergies_breaks_it[name] if {
	some name, duty in _hiding
	data.invariants.must.allergies.when with data.authz.answer as _answer(true, {duty})
	not data.invariants.must.allergies.then with data.authz.answer as _answer(true, {duty})
}

test_hiding_others_keeps_it if {
	data.invariants.must.allergies.then with data.authz.answer as _answer(true, {{"id": "withhold", "properties": {"fields": {"contact"}}}})
}

_hidden(column) := {{"id": "withhold", "properties": {"fields": {column}}}}

test_hiding_what_treatment_needs_breaks_it[name] if {
	some name, case in {
		"a doctor's": {"request": golden.doctor, "column": "diagnoses"},
		"a nurse's": {"request": golden.nurse, "column": "dosage_instructions"},
	}
	data.invariants.must.treatment_is_shown.when with input as case.request with data.authz.answer as _answer(true, set())
	not data.invariants.must.treatment_is_shown.then with input as case.request with data.authz.answer as _answer(true, _hidden(case.column))
}

test_hiding_what_it_does_not_need_keeps_it if {
	data.invariants.must.treatment_is_shown.then with input as golden.nurse with data.authz.answer as _answer(true, _hidden("national_id"))
}
