package authz.assume.log_in_test

import data.authz.assume.log_in
import data.authz.golden_test as golden

_failed := json.patch(golden.stranger, [
	{"op": "replace", "path": "/context/log_in", "value": {"factor": "code", "failures": "few", "familiar": "device"}},
	{"op": "replace", "path": "/action/name", "value": "log_in.fail"},
])

_moving := json.patch(golden.acting(golden.doctor, "session.continue"), [
	{"op": "replace", "path": "/context/credential/presented", "value": ""},
	{"op": "replace", "path": "/context/location/drift", "value": "moved"},
])

test_is_impossible[name] if {
	some name, request in {
		"a failure in a session": golden.with_value(golden.doctor, "/context/log_in/factor", "code"),
		"failures of no factor": golden.with_value(golden.stranger, "/context/log_in/failures", "few"),
		"a failure with a token": json.patch(golden.stranger, [{"op": "replace", "path": "/context/log_in/factor", "value": "code"}, {"op": "replace", "path": "/context/credential/presented", "value": "header"}]),
		"familiar with a token": golden.with_value(golden.doctor, "/context/log_in/familiar", "device"),
		"drift with a token": golden.with_value(golden.doctor, "/context/location/drift", "moved"),
		"travel with a token": golden.with_value(golden.doctor, "/context/location/travel", "possible"),
		"claimed_drift with a token": golden.with_value(golden.doctor, "/context/location/claimed_drift", "none"),
		"claimed_travel with a token": golden.with_value(golden.doctor, "/context/location/claimed_travel", "possible"),
		"a journey without a session": golden.with_value(golden.stranger, "/context/location/travel", "possible"),
	}
	log_in.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"a wrong code": _failed,
		"a session that goes on": _moving,
	}
	not log_in.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not log_in.impossible with data.authz.tables as golden.tables with input as {}
