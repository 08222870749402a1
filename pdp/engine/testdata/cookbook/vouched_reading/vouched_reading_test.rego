package authz.rules.vouched_reading_test

import data.authz.golden_test as golden
import data.authz.rules.vouched_reading

_vouched := golden.with_value(golden.doctor, "/context/credential/state", "vouched")

test_vouched_reading_is_not_denied if vouched_reading.deny == set() with input as _vouched

test_vouched_change_is_denied if {
	vouched_reading.deny == {"vouched_change"} with input as golden.acting(_vouched, "service.edit")
}

test_change_with_a_token_is_not_denied if {
	vouched_reading.deny == set() with input as golden.acting(golden.doctor, "service.edit")
}

test_empty_input_is_silent if vouched_reading.deny == set() with input as {}
