package authz.rules.revocation_test

import data.authz.golden_test as golden
import data.authz.rules.revocation

test_clear_session_is_not_denied if revocation.deny == set() with input as golden.doctor

test_denials[name] if {
	some name, case in {
		"session revoked": {"path": "/context/revocation/session", "value": "revoked", "want": {"session_revoked"}},
		"session word unknown": {"path": "/context/revocation/session", "value": "", "want": {"session_revoked"}},
		"subject banned": {"path": "/context/revocation/subject", "value": "banned", "want": {"subject_banned"}},
		"list stale": {"path": "/context/revocation/state", "value": "stale", "want": {"revocation_unknown"}},
		"list unknown": {"path": "/context/revocation/state", "value": "unknown", "want": {"revocation_unknown"}},
	}
	request := golden.with_value(golden.doctor, case.path, case.value)
	revocation.deny == case.want with input as request
}

test_public_action_is_not_denied[name] if {
	some name, case in {
		"list unknown": {"path": "/context/revocation/state", "value": "unknown"},
		"session revoked": {"path": "/context/revocation/session", "value": "revoked"},
		"subject banned": {"path": "/context/revocation/subject", "value": "banned"},
	}
	request := golden.with_value(golden.stranger, case.path, case.value)
	revocation.deny == set() with input as request
}

test_empty_input_is_denied if {
	revocation.deny == {"revocation_unknown", "session_revoked", "subject_banned"} with input as {}
}
