package authz.rules.account_test

import data.authz.golden_test as golden
import data.authz.rules.account

test_active_account_is_not_denied if account.deny == set() with data.authz.tables as golden.tables with input as golden.doctor

test_public_action_needs_no_account if account.deny == set() with data.authz.tables as golden.tables with input as golden.stranger

test_standings[name] if {
	some name, case in {
		"pending": "pending",
		"disabled": "disabled",
		"gone": "",
	}
	request := golden.with_value(golden.doctor, "/subject/properties/account", case)
	account.deny == {"account_inactive"} with data.authz.tables as golden.tables with input as request
}

test_outage_of_identity_is_denied[name] if {
	some name, case in {
		"unknown": [golden.doctor, "unknown"],
		"stale, to a patient": [golden.patient, "stale"],
		"stale, to an officer": [golden.security, "stale"],
		"stale, off-site": [golden.with_value(golden.doctor, "/context/location/place", "off_site"), "stale"],
		"stale, nobody knows where": [golden.with_value(golden.doctor, "/context/location/place", ""), "stale"],
		"stale, for a change": [golden.acting(golden.doctor, "service.add"), "stale"],
		"stale, for an unknown action": [golden.acting(golden.doctor, "x"), "stale"],
	}
	[who, state] := case
	account.deny == {"identity_unknown"} with data.authz.tables as golden.tables with input as golden.with_value(who, "/context/identity/state", state)
}

test_clinicians_read_on_what_was_known[name] if {
	some name, who in {"doctor": golden.doctor, "nurse": golden.nurse}
	account.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(who, "/context/identity/state", "stale")
}

test_empty_table_permits_no_reading_on_what_was_known if {
	request := golden.with_value(golden.doctor, "/context/identity/state", "stale")
	account.deny == {"identity_unknown"} with data.authz.tables as golden.tables with input as request with data.authz.tables.stale_revocation_reads as {}
}

test_outage_of_identity_leaves_the_log_in_page_open if {
	request := golden.with_value(golden.stranger, "/context/identity/state", "unknown")
	account.deny == set() with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_denied if account.deny == {"account_inactive", "identity_unknown"} with data.authz.tables as golden.tables with input as {}
