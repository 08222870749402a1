package authz.ask_test

import data.authz.ask
import data.authz.golden_test as golden

test_right_and_reach_come_from_the_tables if {
	ask.right == "Patient Health overview" with data.authz.tables as golden.tables with input as golden.doctor
	ask.reach == "own" with data.authz.tables as golden.tables with input as golden.doctor
}

test_reading_changes_nothing if not ask.changes with data.authz.tables as golden.tables with input as golden.doctor

test_editing_changes if ask.changes with data.authz.tables as golden.tables with input as golden.acting(golden.doctor, "service.edit")

test_log_in_is_public if ask.public with data.authz.tables as golden.tables with input as golden.stranger

test_reading_a_patient_is_not_public if not ask.public with data.authz.tables as golden.tables with input as golden.doctor

test_nobody_has_the_role_anyone if {
	request := golden.with_value(golden.doctor, "/subject/properties/role", "anyone")
	not ask.reach with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_undefined if {
	not ask.right with data.authz.tables as golden.tables with input as {}
	not ask.reach with data.authz.tables as golden.tables with input as {}
	not ask.public with data.authz.tables as golden.tables with input as {}
	not ask.changes with data.authz.tables as golden.tables with input as {}
	not ask.elevated with data.authz.tables as golden.tables with input as {}
}

_own := json.patch(golden.doctor, [
	{"op": "replace", "path": "/context/credential/acr", "value": golden.tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

_said := golden.claiming(golden.doctor, {"elevation": "fresh"})

test_fresh_factor_is_one_whoever_saw_it[name] if {
	some name, request in {
		"this house": _own,
		"another enforcement point": _said,
	}
	ask.elevated with data.authz.tables as golden.tables with input as request
}

test_what_is_no_fresh_factor_is_none[name] if {
	some name, request in {
		"none": golden.doctor,
		"ended": golden.with_value(_own, "/context/credential/elevation", "expired"),
		"of a lower level": golden.with_value(_own, "/context/credential/acr", "urn:wardgate:acr:two-factor"),
		"said in other words": golden.with_value(_said, "/context/claims/elevation", "other"),
		"not said": golden.claiming(golden.doctor, {}),
		"said beside a session": golden.with_value(_said, "/context/credential/state", "valid"),
		"a debt to this house": golden.with_value(_said, "/context/revocation/step_up", "owed"),
		"a debt that is not known": golden.with_value(_said, "/context/revocation/step_up", ""),
	}
	not ask.elevated with data.authz.tables as golden.tables with input as request
}

_station := golden.with_value(golden.doctor, "/context/device/workstation", "registered")

test_a_workstation_is_one_where_it_is_known if ask.at_workstation with data.authz.tables as golden.tables with input as _station

test_a_workstation_is_none[name] if {
	some name, request in {
		"at none": golden.doctor,
		"known a while ago": golden.with_value(_station, "/context/device/state", "stale"),
		"not known": golden.with_value(_station, "/context/device/state", "unknown"),
		"off-site": golden.with_value(_station, "/context/location/place", "off_site"),
	}
	not ask.at_workstation with data.authz.tables as golden.tables with input as request
}
