package authz.rules.step_up_test

import data.authz.golden_test as golden
import data.authz.rules.step_up

_tapping := json.patch(golden.acting(golden.doctor, "service.edit"), [
	{"op": "replace", "path": "/context/device/workstation", "value": "registered"},
	{"op": "replace", "path": "/context/device/tap", "value": "fresh"},
])

test_badge_and_pin_are_the_fresh_factor_of_a_named_right if {
	step_up.deny == set() with data.authz.tables as golden.tables with input as _tapping
	step_up.oblige == set() with data.authz.tables as golden.tables with input as _tapping
}

test_badge_and_pin_are_not[name] if {
	some name, request in {
		"for a right that is not named": golden.acting(_tapping, "service.delete"),
		"for an action that is not": golden.acting(_tapping, "pass.confirm"),
		"elsewhere": golden.with_value(_tapping, "/context/device/workstation", "elsewhere"),
		"when it is not known where": golden.with_value(_tapping, "/context/device/workstation", ""),
		"off-site": golden.with_value(_tapping, "/context/location/place", "off_site"),
		"when the device was compared a while ago": golden.with_value(_tapping, "/context/device/state", "stale"),
		"when another factor is owed": golden.with_value(_tapping, "/context/revocation/step_up", "owed"),
		"on another's word": golden.with_value(_tapping, "/context/credential/state", "delegated"),
	}
	step_up.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as request
	step_up.oblige == {_challenge} with data.authz.tables as golden.tables with input as request
}

test_badge_and_pin_are_asked_for_where_they_would_do[name] if {
	some name, tap in {"a while ago": "expired", "not shown": "none", "not known": ""}
	request := golden.with_value(_tapping, "/context/device/tap", tap)
	step_up.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as request
	step_up.oblige == {_or_a_tap} with data.authz.tables as golden.tables with input as request
}

_or_a_tap := json.patch(_challenge, [{"op": "add", "path": "/properties/tap", "value": true}])

test_a_factor_of_a_kind_is_not_met_by_badge_and_pin if {
	strict := object.union(golden.tables, {"step_up_by": {"service.edit": {"pop"}}})
	step_up.deny == {"step_up_required"} with data.authz.tables as strict with input as _tapping
	step_up.oblige == {_challenge} with data.authz.tables as strict with input as _tapping
}
