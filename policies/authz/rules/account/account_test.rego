package authz.rules.account_test

import data.authz.golden_test as golden
import data.authz.rules.account

test_active_account_is_not_denied if account.deny == set() with input as golden.doctor

test_public_action_needs_no_account if account.deny == set() with input as golden.stranger

test_standings[name] if {
	some name, case in {
		"pending": "pending",
		"disabled": "disabled",
		"gone": "",
	}
	request := golden.with_value(golden.doctor, "/subject/properties/account", case)
	account.deny == {"account_inactive"} with input as request
}

test_outage_of_identity_is_denied[state] if {
	some state in ["unknown", "stale"]
	request := golden.with_value(golden.doctor, "/context/identity/state", state)
	account.deny == {"identity_unknown"} with input as request
}

test_outage_of_identity_leaves_the_log_in_page_open if {
	request := golden.with_value(golden.stranger, "/context/identity/state", "unknown")
	account.deny == set() with input as request
}

test_empty_input_is_denied if account.deny == {"account_inactive", "identity_unknown"} with input as {}
