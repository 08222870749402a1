package authz.rules.step_up_test

import data.authz.golden_test as golden
import data.authz.rules.step_up

_challenge := {
	"id": "step_up",
	"type": "challenge",
	"properties": {"acr_values": golden.tables.step_up_acr, "max_age": golden.tables.thresholds.elevation_seconds},
}

_editing := golden.acting(golden.doctor, "service.edit")

_elevated := json.patch(_editing, [
	{"op": "replace", "path": "/context/credential/acr", "value": golden.tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

test_reading_needs_no_fresh_factor if {
	step_up.deny == set() with data.authz.tables as golden.tables with input as golden.doctor
	step_up.oblige == set() with data.authz.tables as golden.tables with input as golden.doctor
}

test_change_needs_a_fresh_factor[action] if {
	some action in ["service.edit", "service.delete", "patient.delete"]
	request := golden.acting(golden.doctor, action)
	step_up.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as request
	step_up.oblige == {_challenge} with data.authz.tables as golden.tables with input as request
}

test_clinical_change_off_site_needs_a_fresh_factor[name] if {
	some name, case in {
		"adding a patient": {"who": golden.doctor, "action": "patient.add"},
		"adding a service": {"who": golden.doctor, "action": "service.add"},
		"completing a service": {"who": golden.nurse, "action": "service.complete"},
	}
	request := golden.acting(case.who, case.action)
	off_site := golden.with_value(request, "/context/location/place", "off_site")
	step_up.deny == set() with data.authz.tables as golden.tables with input as request
	step_up.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as off_site
	step_up.oblige == {_challenge} with data.authz.tables as golden.tables with input as off_site
}

test_believed_caller_may_have_seen_a_fresh_factor if {
	request := golden.claiming(_editing, {"elevation": "fresh"})
	step_up.deny == set() with data.authz.tables as golden.tables with input as request
	step_up.oblige == set() with data.authz.tables as golden.tables with input as request
}

test_callers_word_for_a_fresh_factor_does_not_count[name] if {
	said := golden.claiming(_editing, {"elevation": "fresh"})
	some name, request in {
		"other words": golden.with_value(said, "/context/claims/elevation", "yes"),
		"not said": golden.claiming(_editing, {}),
		"beside a session": golden.with_value(said, "/context/credential/state", "valid"),
		"a debt to this house": golden.with_value(said, "/context/revocation/step_up", "owed"),
		"a debt that nobody knows of": golden.with_value(said, "/context/revocation/step_up", ""),
	}
	step_up.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as request
	step_up.oblige == {_challenge} with data.authz.tables as golden.tables with input as request
}

_off_site(request) := golden.with_value(request, "/context/location/place", "off_site")

test_subject_who_owes_a_factor_needs_one[name] if {
	some name, request in {
		"reading off-site": _off_site(golden.doctor),
		"a nurse off-site": _off_site(golden.nurse),
		"reading nobody knows where": golden.with_value(golden.doctor, "/context/location/place", ""),
		"a patient": golden.patient,
		"an officer": golden.security,
		"adding on-site": golden.acting(golden.doctor, "patient.add"),
		"a prediction on-site": golden.acting(golden.doctor, "model.predict"),
	}
	owing := golden.with_value(request, "/context/revocation/step_up", "owed")
	step_up.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as owing
	step_up.oblige == {_challenge} with data.authz.tables as golden.tables with input as owing
}

# What treats a patient on-site waits for nothing that a machine asked for.
test_who_treats_on_site_goes_on_while_a_factor_is_owed[name] if {
	some name, request in {
		"a doctor reads": golden.doctor,
		"a nurse reads": golden.nurse,
		"a doctor lists": golden.acting(golden.doctor, "patient.list"),
		"orders are read": golden.acting(golden.nurse, "service.list"),
		"a nurse gives": golden.acting(golden.nurse, "service.complete"),
	}
	owing := golden.with_value(request, "/context/revocation/step_up", "owed")
	step_up.deny == set() with data.authz.tables as golden.tables with input as owing
	step_up.oblige == set() with data.authz.tables as golden.tables with input as owing
}

test_subject_who_owes_a_factor_may_prove_it_or_leave[action] if {
	some action in ["session.elevate", "session.end"]
	owing := golden.with_value(golden.acting(golden.doctor, action), "/context/revocation/step_up", "owed")
	step_up.deny == set() with data.authz.tables as golden.tables with input as owing
	step_up.oblige == set() with data.authz.tables as golden.tables with input as owing
}

test_reading_off_site_needs_no_fresh_factor if {
	step_up.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(golden.doctor, "/context/location/place", "off_site")
}

test_fresh_factor_is_enough if {
	step_up.deny == set() with data.authz.tables as golden.tables with input as _elevated
	step_up.oblige == set() with data.authz.tables as golden.tables with input as _elevated
}

test_elevation_that_does_not_hold_is_denied[name] if {
	some name, case in {
		"ended": {"path": "/context/credential/elevation", "value": "expired"},
		"none": {"path": "/context/credential/elevation", "value": "none"},
		"of a lower level": {"path": "/context/credential/acr", "value": "urn:wardgate:acr:two-factor"},
	}
	request := golden.with_value(_elevated, case.path, case.value)
	step_up.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as request
}

test_some_actions_need_a_fresh_factor_where_the_right_needs_none if {
	request := golden.acting(golden.security, "user.approve")
	step_up.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as request
	step_up.oblige == {_challenge} with data.authz.tables as golden.tables with input as request
	step_up.deny == set() with data.authz.tables as golden.tables with input as _elevate(request, "pwd email")
	step_up.deny == set() with data.authz.tables as golden.tables with input as golden.acting(golden.security, "user.list")
}

test_factor_is_removed_by_what_its_owner_carries[amr] if {
	some amr, denied in {
		"pwd otp": set(),
		"pop mfa": set(),
		"otp": set(),
		"pwd email": {"step_up_required"},
		"pwd recovery": {"step_up_required"},
		"pwd": {"step_up_required"},
		"pwd otp-like": {"step_up_required"},
		"": {"step_up_required"},
	}
	request := golden.acting(golden.doctor, "factor.remove")
	step_up.deny == denied with data.authz.tables as golden.tables with input as _elevate(request, amr)
	step_up.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as golden.with_value(request, "/context/credential/amr", amr)
}

test_role_without_the_right_is_asked_for_no_factor if {
	request := golden.with_value(golden.acting(golden.doctor, "factor.remove"), "/subject/properties/role", "machine")
	step_up.deny == set() with data.authz.tables as golden.tables with input as request
}

test_machine_approves_and_links_by_its_credential[name] if {
	some name, case in {
		"approving": {"action": "user.approve", "set": {}, "denied": set()},
		"linking": {"action": "user.link", "set": {}, "denied": set()},
		"disabling": {"action": "user.disable", "set": {}, "denied": {"step_up_required"}},
		"an officer": {"action": "user.approve", "set": {"/subject/properties/role": "security"}, "denied": {"step_up_required"}},
		"another house's word": {"action": "user.approve", "set": {"/context/credential/state": "delegated"}, "denied": {"step_up_required"}},
		"a debt": {"action": "user.link", "set": {"/context/revocation/step_up": "owed"}, "denied": {"step_up_required"}},
	}
	machine := golden.with_value(golden.acting(golden.security, case.action), "/subject/properties/role", "machine")
	request := json.patch(machine, [{"op": "replace", "path": path, "value": value} | some path, value in case.set])
	step_up.deny == case.denied with data.authz.tables as golden.tables with input as request
}

test_pass_opens_a_new_factor_and_nothing_else[name] if {
	some name, case in {
		"adding an app": {"action": "factor.add", "set": {}, "denied": set()},
		"removing the app": {"action": "factor.remove", "set": {}, "denied": {"step_up_required"}},
		"editing": {"action": "service.edit", "set": {}, "denied": {"step_up_required"}},
		"another level": {"action": "factor.add", "set": {"/context/credential/acr": "urn:wardgate:acr:two-factor"}, "denied": {"step_up_required"}},
		"a debt": {"action": "factor.add", "set": {"/context/revocation/step_up": "owed"}, "denied": {"step_up_required"}},
		"another house's word": {"action": "factor.add", "set": {"/context/credential/state": "delegated"}, "denied": {"step_up_required"}},
	}
	passed := golden.with_value(golden.acting(golden.doctor, case.action), "/context/credential/acr", golden.tables.pass_acr)
	request := json.patch(passed, [{"op": "replace", "path": path, "value": value} | some path, value in case.set])
	step_up.deny == case.denied with data.authz.tables as golden.tables with input as request
}

test_colleagues_vouch_after_a_fresh_factor[action] if {
	some action in ["pass.propose", "pass.confirm"]
	step_up.deny == {"step_up_required"} with data.authz.tables as golden.tables with input as golden.acting(golden.nurse, action)
	step_up.deny == set() with data.authz.tables as golden.tables with input as golden.acting(golden.patient, action)
}

_elevate(request, amr) := json.patch(request, [
	{"op": "replace", "path": "/context/credential/acr", "value": golden.tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
	{"op": "replace", "path": "/context/credential/amr", "value": amr},
])

test_role_without_the_right_is_not_asked_for_a_factor if {
	request := golden.acting(golden.nurse, "service.edit")
	step_up.deny == set() with data.authz.tables as golden.tables with input as request
	step_up.oblige == set() with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_silent if {
	step_up.deny == set() with data.authz.tables as golden.tables with input as {}
	step_up.oblige == set() with data.authz.tables as golden.tables with input as {}
}
