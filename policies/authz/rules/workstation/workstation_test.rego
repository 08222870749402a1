package authz.rules.workstation_test

import data.authz.golden_test as golden
import data.authz.rules.workstation

_resuming := golden.acting(golden.doctor, "session.resume")

_there := json.patch(_resuming, [
	{"op": "replace", "path": "/context/device/workstation", "value": "registered"},
	{"op": "replace", "path": "/context/device/tap", "value": "fresh"},
])

test_session_is_resumed_at_a_workstation if {
	workstation.deny == set() with data.authz.tables as golden.tables with input as _there
}

test_session_is_resumed_nowhere_else[name] if {
	some name, request in {
		"no workstation": _resuming,
		"another network": golden.with_value(_there, "/context/device/workstation", "elsewhere"),
		"not known": golden.with_value(_there, "/context/device/workstation", ""),
		"old": golden.with_value(_there, "/context/device/state", "stale"),
		"off-site": golden.with_value(_there, "/context/location/place", "off_site"),
		"nobody knows where": golden.with_value(_there, "/context/location/place", ""),
	}
	workstation.deny == {"workstation_required"} with data.authz.tables as golden.tables with input as request
}

test_other_actions_need_no_workstation if {
	workstation.deny == set() with data.authz.tables as golden.tables with input as golden.doctor
}

test_empty_input_is_not_about_it if workstation.deny == set() with data.authz.tables as golden.tables with input as {}
