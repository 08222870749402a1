package authz.rules.session_test

import data.authz.golden_test as golden
import data.authz.rules.session

test_valid_token_is_not_denied if session.deny == set() with data.authz.tables as golden.tables with input as golden.doctor

test_delegated_subject_is_not_denied if {
	session.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(golden.doctor, "/context/credential/state", "delegated")
}

test_public_action_needs_no_session if session.deny == set() with data.authz.tables as golden.tables with input as golden.stranger

test_denials[name] if {
	some name, case in {
		"no token": {"state": "none", "want": {"session_missing"}},
		"empty state": {"state": "", "want": {"session_missing"}},
		"a state that does not exist": {"state": "trusted", "want": {"session_missing"}},
		"expired": {"state": "expired", "want": {"token_expired"}},
		"forged": {"state": "invalid", "want": {"token_invalid"}},
	}
	request := golden.with_value(golden.doctor, "/context/credential/state", case.state)
	session.deny == case.want with data.authz.tables as golden.tables with input as request
}

test_forged_token_does_not_close_the_log_in_page if {
	request := golden.with_value(golden.stranger, "/context/credential/state", "invalid")
	session.deny == set() with data.authz.tables as golden.tables with input as request
}

test_expired_token_does_not_close_the_log_in_page if {
	request := golden.with_value(golden.stranger, "/context/credential/state", "expired")
	session.deny == set() with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_denied if session.deny == {"session_missing"} with data.authz.tables as golden.tables with input as {}
