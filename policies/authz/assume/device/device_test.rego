package authz.assume.device_test

import data.authz.assume.device
import data.authz.golden_test as golden

test_is_impossible[name] if {
	some name, request in {
		"unknown, and the same": golden.with_value(golden.doctor, "/context/device/state", "unknown"),
		"known, and not compared": golden.with_value(golden.doctor, "/context/device/match", ""),
		"compared without a session": golden.with_value(golden.stranger, "/context/device/match", "changed"),
		"not compared with a session": golden.with_value(golden.doctor, "/context/device/match", "unseen"),
	}
	device.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"unknown": golden.with_value(golden.doctor, "/context/device", {"state": "unknown", "match": ""}),
		"a session that goes on": json.patch(golden.doctor, [{"op": "replace", "path": "/context/device/match", "value": "unseen"}, {"op": "replace", "path": "/context/credential/presented", "value": ""}]),
	}
	not device.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not device.impossible with data.authz.tables as golden.tables with input as {}
