package authz.rules.device_test

import data.authz.golden_test as golden
import data.authz.rules.device

test_same_device_is_not_denied if device.deny == set() with data.authz.tables as golden.tables with input as golden.doctor

test_denials[name] if {
	some name, case in {
		"changed": {"path": "/context/device/match", "value": "changed", "want": {"device_changed"}},
		"never seen": {"path": "/context/device/match", "value": "unseen", "want": {"device_unknown"}},
		"no comparison": {"path": "/context/device/match", "value": "", "want": {"device_unknown"}},
		"source out": {"path": "/context/device/state", "value": "unknown", "want": {"device_unknown"}},
		"source stale": {"path": "/context/device/state", "value": "stale", "want": {"device_unknown"}},
	}
	request := golden.with_value(golden.doctor, case.path, case.value)
	device.deny == case.want with data.authz.tables as golden.tables with input as request
}

_delegated := json.patch(golden.doctor, [
	{"op": "replace", "path": "/context/credential/state", "value": "delegated"},
	{"op": "replace", "path": "/context/device/match", "value": "unseen"},
])

test_delegated_subject_needs_no_footprint if device.deny == set() with data.authz.tables as golden.tables with input as _delegated

test_delegated_subject_during_an_outage_is_denied if {
	request := golden.with_value(_delegated, "/context/device/state", "unknown")
	device.deny == {"device_unknown"} with data.authz.tables as golden.tables with input as request
}

test_public_action_is_not_denied[match] if {
	some match in ["unseen", "changed", ""]
	request := golden.with_value(golden.stranger, "/context/device/match", match)
	device.deny == set() with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_denied if device.deny == {"device_unknown"} with data.authz.tables as golden.tables with input as {}
