package authz.rules.working_hours_test

import data.authz.golden_test as golden
import data.authz.rules.working_hours

_challenge := {
	"id": "step_up",
	"type": "challenge",
	"properties": {"acr_values": golden.tables.step_up_acr, "max_age": golden.tables.thresholds.elevation_seconds},
}

# One row of each word, so that the hospital's own table can be any.
_table := {
	"Manage users": {"security": "step_up_off_site"},
	"Restore patient": {"security": "on_site"},
	"Console": {"security": "step_up"},
	"Own account": {"security": "day"},
	"Patient Health overview": {"doctor": "day", "nurse": "step_up"},
}

_at(request, period, place) := json.patch(request, [
	{"op": "replace", "path": "/context/time/period", "value": period},
	{"op": "replace", "path": "/context/location/place", "value": place},
])

_elevated(request) := json.patch(request, [
	{"op": "replace", "path": "/context/credential/acr", "value": golden.tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

test_nights[name] if {
	some name, case in {
		"managing on-site": {"action": "user.ban", "place": "on_site", "want": set()},
		"managing off-site": {"action": "user.ban", "place": "off_site", "want": {"step_up_required"}},
		"restoring on-site": {"action": "patient.restore", "place": "on_site", "want": set()},
		"restoring off-site": {"action": "patient.restore", "place": "off_site", "want": {"off_hours"}},
		"restoring from nowhere": {"action": "patient.restore", "place": "", "want": {"off_hours"}},
		"console on-site": {"action": "console.read", "place": "on_site", "want": {"step_up_required"}},
		"own account": {"action": "session.list", "place": "on_site", "want": {"off_hours"}},
	}
	some period in ["night", ""]
	request := _at(golden.acting(golden.security, case.action), period, case.place)
	working_hours.deny == case.want with data.authz.tables as golden.tables with input as request with data.authz.tables.hours as _table
	duties := {_challenge | "step_up_required" in case.want}
	working_hours.oblige == duties with data.authz.tables as golden.tables with input as request with data.authz.tables.hours as _table
}

test_day_needs_nothing[action] if {
	some action in ["user.ban", "patient.restore", "console.read", "session.list"]
	request := _at(golden.acting(golden.security, action), "day", "off_site")
	working_hours.deny == set() with data.authz.tables as golden.tables with input as request with data.authz.tables.hours as _table
	working_hours.oblige == set() with data.authz.tables as golden.tables with input as request with data.authz.tables.hours as _table
}

test_fresh_factor_is_enough_at_night[action] if {
	some action in ["user.ban", "console.read"]
	request := _elevated(_at(golden.acting(golden.security, action), "night", "off_site"))
	working_hours.deny == set() with data.authz.tables as golden.tables with input as request with data.authz.tables.hours as _table
	working_hours.oblige == set() with data.authz.tables as golden.tables with input as request with data.authz.tables.hours as _table
}

test_fresh_factor_that_another_enforcement_point_saw_is_enough_at_night if {
	request := golden.claiming(_at(golden.acting(golden.security, "console.read"), "night", "off_site"), {"elevation": "fresh"})
	working_hours.deny == set() with data.authz.tables as golden.tables with input as request with data.authz.tables.hours as _table
	working_hours.oblige == set() with data.authz.tables as golden.tables with input as request with data.authz.tables.hours as _table
}

test_elevation_that_does_not_hold_is_denied[name] if {
	some name, case in {
		"ended": {"path": "/context/credential/elevation", "value": "expired"},
		"of a lower level": {"path": "/context/credential/acr", "value": "urn:wardgate:acr:two-factor"},
	}
	request := golden.with_value(_elevated(_at(golden.acting(golden.security, "console.read"), "night", "on_site")), case.path, case.value)
	working_hours.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as request with data.authz.tables.hours as _table
}

test_treatment_goes_on_whatever_the_table_says[name] if {
	some name, request in {"doctor": golden.doctor, "nurse": golden.nurse}
	night := _at(request, "night", "off_site")
	working_hours.deny == set() with data.authz.tables as golden.tables with input as night with data.authz.tables.hours as _table
}

test_machine_bans_at_night if {
	request := golden.with_value(golden.acting(golden.security, "user.ban"), "/subject/properties/role", "machine")
	working_hours.deny == set() with data.authz.tables as golden.tables with input as _at(request, "night", "off_site") with data.authz.tables.hours as _table
}

test_empty_input_is_silent if {
	working_hours.deny == set() with data.authz.tables as golden.tables with input as {}
	working_hours.oblige == set() with data.authz.tables as golden.tables with input as {}
}
