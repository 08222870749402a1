package authz.rules.delegated_reading_test

import data.authz.golden_test as golden
import data.authz.rules.delegated_reading

_delegated := golden.with_value(golden.doctor, "/context/credential/state", "delegated")

test_delegated_reading_is_not_denied if delegated_reading.deny == set() with input as _delegated

test_delegated_change_is_denied if {
	delegated_reading.deny == {"delegated_change"} with input as golden.acting(_delegated, "service.edit")
}

test_change_with_a_token_is_not_denied if {
	delegated_reading.deny == set() with input as golden.acting(golden.doctor, "service.edit")
}

test_empty_input_is_silent if delegated_reading.deny == set() with input as {}
