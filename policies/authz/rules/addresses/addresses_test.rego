package authz.rules.addresses_test

import data.authz.golden_test as golden
import data.authz.rules.addresses

_barred(request) := golden.with_value(request, "/context/revocation/address", "barred")

test_stranger_is_denied_what_needs_no_session[action] if {
	some action in ["account.sign_up", "account.verify", "account.forgot", "account.reset", "demo.outbox"]
	addresses.deny == {"address_barred"} with data.authz.tables as golden.tables with input as _barred(golden.acting(golden.stranger, action))
	addresses.deny == set() with data.authz.tables as golden.tables with input as golden.acting(golden.stranger, action)
}

test_unknown_device_does_not_log_in[name] if {
	some name, familiar in {"stranger": "none", "somebody of the same network": "network"}
	some action in ["log_in.begin", "session.create"]
	request := golden.with_value(_barred(golden.acting(golden.stranger, action)), "/context/log_in/familiar", familiar)
	addresses.deny == {"address_barred"} with data.authz.tables as golden.tables with input as request
}

test_known_device_logs_in[action] if {
	some action in ["log_in.begin", "session.create"]
	request := golden.with_value(_barred(golden.acting(golden.stranger, action)), "/context/log_in/familiar", "device")
	addresses.deny == set() with data.authz.tables as golden.tables with input as request
}

test_what_is_judged_later_or_by_its_own_credential_goes_on[action] if {
	some action in ["log_in.attempt", "log_in.fail", "machine.log_in", "page.show", "session.continue", "session.redeem", "session.refresh"]
	addresses.deny == set() with data.authz.tables as golden.tables with input as _barred(golden.acting(golden.stranger, action))
}

test_live_session_goes_on[name] if {
	some name, request in {"doctor": golden.doctor, "patient": golden.patient}
	addresses.deny == set() with data.authz.tables as golden.tables with input as _barred(request)
}

test_word_that_nobody_knows_is_no_clearance if {
	request := golden.with_value(golden.acting(golden.stranger, "account.forgot"), "/context/revocation/address", "")
	addresses.deny == {"address_barred"} with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_silent if addresses.deny == set() with data.authz.tables as golden.tables with input as {}
