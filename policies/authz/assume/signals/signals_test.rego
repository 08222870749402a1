package authz.assume.signals_test

import data.authz.assume.signals
import data.authz.golden_test as golden

test_is_impossible[name] if {
	some name, request in {
		"requests known of unknown": json.patch(golden.doctor, [{"op": "replace", "path": "/context/signals/state", "value": "unknown"}, {"op": "replace", "path": "/context/signals/denials", "value": ""}, {"op": "replace", "path": "/context/signals/failed_log_ins", "value": ""}, {"op": "replace", "path": "/context/signals/patients", "value": ""}, {"op": "replace", "path": "/context/signals/predictions", "value": ""}]),
		"denials known of unknown": json.patch(golden.doctor, [{"op": "replace", "path": "/context/signals/state", "value": "unknown"}, {"op": "replace", "path": "/context/signals/requests", "value": ""}, {"op": "replace", "path": "/context/signals/failed_log_ins", "value": ""}, {"op": "replace", "path": "/context/signals/patients", "value": ""}, {"op": "replace", "path": "/context/signals/predictions", "value": ""}]),
		"failed_log_ins known of unknown": json.patch(golden.doctor, [{"op": "replace", "path": "/context/signals/state", "value": "unknown"}, {"op": "replace", "path": "/context/signals/requests", "value": ""}, {"op": "replace", "path": "/context/signals/denials", "value": ""}, {"op": "replace", "path": "/context/signals/patients", "value": ""}, {"op": "replace", "path": "/context/signals/predictions", "value": ""}]),
		"patients known of unknown": json.patch(golden.doctor, [{"op": "replace", "path": "/context/signals/state", "value": "unknown"}, {"op": "replace", "path": "/context/signals/requests", "value": ""}, {"op": "replace", "path": "/context/signals/denials", "value": ""}, {"op": "replace", "path": "/context/signals/failed_log_ins", "value": ""}, {"op": "replace", "path": "/context/signals/predictions", "value": ""}]),
		"predictions known of unknown": json.patch(golden.doctor, [{"op": "replace", "path": "/context/signals/state", "value": "unknown"}, {"op": "replace", "path": "/context/signals/requests", "value": ""}, {"op": "replace", "path": "/context/signals/denials", "value": ""}, {"op": "replace", "path": "/context/signals/failed_log_ins", "value": ""}, {"op": "replace", "path": "/context/signals/patients", "value": ""}]),
		"requests unknown of known": golden.with_value(golden.doctor, "/context/signals/requests", ""),
		"denials unknown of known": golden.with_value(golden.doctor, "/context/signals/denials", ""),
		"failed_log_ins unknown of known": golden.with_value(golden.doctor, "/context/signals/failed_log_ins", ""),
		"patients unknown of known": golden.with_value(golden.doctor, "/context/signals/patients", ""),
		"predictions unknown of known": golden.with_value(golden.doctor, "/context/signals/predictions", ""),
	}
	signals.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"unknown": json.patch(golden.doctor, [{"op": "replace", "path": "/context/signals", "value": {"state": "unknown", "requests": "", "denials": "", "failed_log_ins": "", "patients": "", "predictions": ""}}]),
	}
	not signals.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not signals.impossible with data.authz.tables as golden.tables with input as {}
