package authz.rules.revocation_test

import data.authz.golden_test as golden
import data.authz.rules.revocation

test_clear_session_is_not_denied if revocation.deny == set() with data.authz.tables as golden.tables with input as golden.doctor

test_denials[name] if {
	some name, case in {
		"session revoked": {"path": "/context/revocation/session", "value": "revoked", "want": {"session_revoked"}},
		"session word unknown": {"path": "/context/revocation/session", "value": "", "want": {"session_revoked"}},
		"subject banned": {"path": "/context/revocation/subject", "value": "banned", "want": {"subject_banned"}},
		"list stale": {"path": "/context/revocation/state", "value": "stale", "want": {"revocation_unknown"}},
		"list unknown": {"path": "/context/revocation/state", "value": "unknown", "want": {"revocation_unknown"}},
	}
	request := golden.with_value(golden.doctor, case.path, case.value)
	revocation.deny == case.want with data.authz.tables as golden.tables with input as request
}

test_stale_list_lets_the_listed_role_read_on_site if {
	revocation.deny == set() with data.authz.tables as golden.tables with input as _stale with data.authz.tables.stale_revocation_reads as {"doctor": 5}
}

test_stale_list_denies_all_by_an_empty_table if {
	revocation.deny == {"revocation_unknown"} with data.authz.tables as golden.tables with input as _stale with data.authz.tables.stale_revocation_reads as {}
}

test_stale_list_as_delivered_lets_clinicians_read[name] if {
	some name, case in {
		"doctor": [golden.doctor, set()],
		"nurse": [golden.nurse, set()],
		"patient": [golden.patient, {"revocation_unknown"}],
		"security": [golden.security, {"revocation_unknown"}],
	}
	[who, want] := case
	request := json.patch(who, [
		{"op": "replace", "path": "/context/revocation/state", "value": "stale"},
		{"op": "replace", "path": "/context/revocation/stale_for", "value": "short"},
	])
	revocation.deny == want with data.authz.tables as golden.tables with input as request
}

test_stale_list_denies[name] if {
	some name, case in {
		"for too long": {"path": "/context/revocation/stale_for", "value": "long"},
		"for nobody knows how long": {"path": "/context/revocation/stale_for", "value": ""},
		"off-site": {"path": "/context/location/place", "value": "off_site"},
		"somewhere": {"path": "/context/location/place", "value": ""},
		"a change": {"path": "/action/name", "value": "patient.delete"},
		"an unknown action": {"path": "/action/name", "value": "no.such.action"},
		"another role": {"path": "/subject/properties/role", "value": "nurse"},
		"without a first word": {"path": "/context/revocation/state", "value": "unknown"},
	}
	request := golden.with_value(_stale, case.path, case.value)
	revocation.deny == {"revocation_unknown"} with data.authz.tables as golden.tables with input as request with data.authz.tables.stale_revocation_reads as {"doctor": 5}
}

test_stale_list_still_denies_who_is_known[code] if {
	some code, case in {
		"session_revoked": {"path": "/context/revocation/session", "value": "revoked"},
		"subject_banned": {"path": "/context/revocation/subject", "value": "banned"},
	}
	request := golden.with_value(_stale, case.path, case.value)
	revocation.deny == {code} with data.authz.tables as golden.tables with input as request with data.authz.tables.stale_revocation_reads as {"doctor": 5}
}

_stale := json.patch(golden.doctor, [
	{"op": "replace", "path": "/context/revocation/state", "value": "stale"},
	{"op": "replace", "path": "/context/revocation/stale_for", "value": "short"},
])

test_public_action_is_not_denied[name] if {
	some name, case in {
		"list unknown": {"path": "/context/revocation/state", "value": "unknown"},
		"session revoked": {"path": "/context/revocation/session", "value": "revoked"},
		"subject banned": {"path": "/context/revocation/subject", "value": "banned"},
	}
	request := golden.with_value(golden.stranger, case.path, case.value)
	revocation.deny == set() with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_denied if {
	revocation.deny == {"revocation_unknown", "session_revoked", "subject_banned"} with data.authz.tables as golden.tables with input as {}
}
