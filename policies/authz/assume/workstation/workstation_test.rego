package authz.assume.workstation_test

import data.authz.assume.workstation
import data.authz.golden_test as golden

test_is_impossible[name] if {
	some name, request in {
		"not known, and none": golden.with_value(golden.doctor, "/context/device/state", "unknown"),
		"known, and not told": golden.with_value(golden.doctor, "/context/device/workstation", ""),
		"without a session": _at(golden.stranger, "registered", "none"),
		"elsewhere without a session": _at(golden.stranger, "elsewhere", ""),
		"not compared": golden.with_value(_at(golden.doctor, "registered", "none"), "/context/device/match", "unseen"),
		"off-site": golden.with_value(_at(golden.doctor, "registered", "none"), "/context/location/place", "off_site"),
		"at one, and no word of a tap": _at(golden.doctor, "registered", ""),
		"a tap elsewhere": _at(golden.doctor, "elsewhere", "fresh"),
		"a tap at none": _at(golden.doctor, "none", "expired"),
	}
	workstation.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"at one": _at(golden.doctor, "registered", "none"),
		"tapped": _at(golden.doctor, "registered", "fresh"),
		"tapped a while ago": _at(golden.doctor, "registered", "expired"),
		"taken away": golden.with_value(_at(golden.doctor, "elsewhere", ""), "/context/location/place", "off_site"),
	}
	not workstation.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not workstation.impossible with data.authz.tables as golden.tables with input as {}

_at(request, word, tap) := json.patch(request, [
	{"op": "replace", "path": "/context/device/workstation", "value": word},
	{"op": "replace", "path": "/context/device/tap", "value": tap},
])
