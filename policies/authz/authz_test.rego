package authz_test

import data.authz
import data.authz.golden_test as golden
import data.authz.tables

_none := {"rules": set(), "right": "", "reach": ""}

_allowed(answer) if {
	answer.decision
	answer.context.reasons == set()
}

test_golden_requests_are_allowed[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
	}
	answer := authz.answer with data.authz.tables as golden.tables with input as request
	_allowed(answer)
}

test_an_answer_that_allows_names_its_grounds[name] if {
	some name, case in {
		"doctor": [golden.doctor, "role", "Patient Health overview", "own"],
		"nurse": [golden.nurse, "role", "Patient Health overview", "department"],
		"patient": [golden.patient, "role", "Patient Health overview", "self"],
		"list": [golden.acting(golden.doctor, "patient.list"), "role", "Responsible Patients", "own"],
		"stranger": [golden.stranger, "public", "Log in", ""],
	}
	[request, code, right, reach] := case
	answer := authz.answer with data.authz.tables as golden.tables with input as request
	answer.decision
	answer.context.grounds == {"rules": {{"folder": "role", "code": code}}, "right": right, "reach": reach}
}

test_every_rule_that_grants_is_named if {
	answer := authz.answer with data.authz.tables as golden.tables with input as golden.doctor
		with data.authz.rules as {"a": {"grant": {"x", "y"}}, "b": {"grant": {"x"}}, "c": {"grant": set()}}
	answer.context.grounds.rules == {
		{"folder": "a", "code": "x"},
		{"folder": "a", "code": "y"},
		{"folder": "b", "code": "x"},
	}
}

test_a_grant_without_a_row_of_the_table_has_no_right if {
	answer := authz.answer with data.authz.tables as golden.tables with input as golden.with_value(golden.doctor, "/action/name", "no.such.action")
		with data.authz.rules as {"a": {"grant": {"x"}}}
	answer.context.grounds == {"rules": {{"folder": "a", "code": "x"}}, "right": "", "reach": ""}
}

test_colleagues_patient_is_denied_and_nothing_is_revoked if {
	request := golden.with_value(golden.doctor, "/context/care/treats", false)
	answer := authz.answer with data.authz.tables as golden.tables with input as request
	not answer.decision
	answer.context.reasons == {"not_your_patient"}
	{duty.id | some duty in answer.context.obligations} == {"row_condition"}
}

test_nurse_who_edits_is_denied_and_revoked if {
	answer := authz.answer with data.authz.tables as golden.tables with input as golden.acting(golden.nurse, "service.edit")
	not answer.decision
	answer.context.reasons == {"role_forbidden"}
	{duty.id | some duty in answer.context.obligations} == {"revoke_session"}
}

test_reasons_are_complete if {
	request := json.patch(golden.doctor, [
		{"op": "replace", "path": "/context/care/treats", "value": false},
		{"op": "replace", "path": "/context/device/match", "value": "changed"},
		{"op": "replace", "path": "/context/revocation/session", "value": "revoked"},
	])
	answer := authz.answer with data.authz.tables as golden.tables with input as request
	answer.context.reasons == {"device_changed", "not_your_patient", "session_revoked"}
}

test_delegated_request_is_judged_by_what_is_known[name] if {
	some name, case in {
		"without claims": [golden.claiming(golden.doctor, {}), set()],
		"for a purpose": [golden.claiming(golden.doctor, {"purpose": "treatment"}), set()],
		"for another": [golden.claiming(golden.doctor, {"purpose": "payment"}), {"purpose_unfit"}],
		"a colleague's patient": [golden.with_value(golden.claiming(golden.doctor, {"purpose": "emergency"}), "/context/care/treats", false), {"not_your_patient"}],
	}
	[request, reasons] := case
	answer := authz.answer with data.authz.tables as golden.tables with input as request
	answer.context.reasons == reasons
}

test_what_cannot_be_is_denied_whatever_the_rules_say[name] if {
	some name, request in {
		"a stranger with a role": golden.with_value(golden.stranger, "/subject/properties/role", "security"),
		"an elevation of one factor": json.patch(golden.doctor, [
			{"op": "replace", "path": "/context/credential/acr", "value": tables.step_up_acr},
			{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
			{"op": "replace", "path": "/context/credential/factors", "value": "one"},
		]),
	}
	answer := authz.answer with input as request
		with data.authz.rules as {"a": {"grant": {"x"}}}
	not answer.decision
	answer.context.reasons == {"input_impossible"}
}

test_silence_is_denied if {
	answer := authz.answer with data.authz.tables as golden.tables with input as golden.doctor with data.authz.rules as {}
	answer == {"decision": false, "context": {"reasons": {"not_granted"}, "obligations": set(), "grounds": _none}}
}

test_denial_wins_over_grants if {
	answer := authz.answer with data.authz.tables as golden.tables with input as golden.doctor
		with data.authz.rules as {"a": {"grant": {"x"}}, "b": {"deny": {"late"}}}
	answer == {"decision": false, "context": {"reasons": {"late"}, "obligations": set(), "grounds": _none}}
}

test_grant_without_denial_is_allowed if {
	answer := authz.answer with data.authz.tables as golden.tables with input as golden.doctor
		with data.authz.rules as {"a": {"grant": {"x"}}, "b": {"oblige": {{"id": "y"}}}}
	answer == {"decision": true, "context": {
		"reasons": set(),
		"obligations": {{"id": "y"}},
		"grounds": {
			"rules": {{"folder": "a", "code": "x"}},
			"right": "Patient Health overview",
			"reach": "own",
		},
	}}
}

test_empty_input_is_denied_on_every_floor if {
	answer := authz.answer with data.authz.tables as golden.tables with input as {}
	answer == {
		"decision": false,
		"context": {
			"reasons": {
				"account_inactive",
				"cross_site",
				"device_unknown",
				"identity_unknown",
				"location_unknown",
				"revocation_unknown",
				"role_forbidden",
				"route_unknown",
				"session_missing",
				"session_revoked",
				"signals_unknown",
				"subject_banned",
				"time_unknown",
			},
			"obligations": set(),
			"grounds": _none,
		},
	}
}
