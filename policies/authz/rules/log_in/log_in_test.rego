package authz.rules.log_in_test

import data.authz.golden_test as golden
import data.authz.rules.log_in

_creating := json.patch(golden.acting(golden.doctor, "session.create"), [
	{"op": "replace", "path": "/resource", "value": {"type": "session", "id": ""}},
	{"op": "replace", "path": "/context/device/match", "value": "unseen"},
])

test_two_factors_get_a_session if log_in.deny == set() with data.authz.tables as golden.tables with input as _creating

test_denials[name] if {
	some name, case in {
		"one factor": {"path": "/context/credential/factors", "value": "one", "want": {"factor_missing"}},
		"no factor": {"path": "/context/credential/factors", "value": "none", "want": {"factor_missing"}},
		"pending": {"path": "/subject/properties/account", "value": "pending", "want": {"account_inactive"}},
		"banned": {"path": "/context/revocation/subject", "value": "banned", "want": {"subject_banned"}},
		"list stale": {"path": "/context/revocation/state", "value": "stale", "want": {"revocation_unknown"}},
		"barred": {"path": "/context/revocation/log_in", "value": "barred", "want": {"log_in_barred"}},
	}
	request := golden.with_value(_creating, case.path, case.value)
	log_in.deny == case.want with data.authz.tables as golden.tables with input as request
}

test_bar_never_ends_a_live_session if {
	request := golden.with_value(golden.doctor, "/context/revocation/log_in", "barred")
	log_in.deny == set() with data.authz.tables as golden.tables with input as request
}

test_missing_facts_are_denied if {
	log_in.deny == {
		"account_inactive",
		"factor_missing",
		"log_in_barred",
		"revocation_unknown",
		"subject_banned",
	} with data.authz.tables as golden.tables with input as {"action": {"name": "session.create"}}
}

test_empty_input_is_silent if log_in.deny == set() with data.authz.tables as golden.tables with input as {}
