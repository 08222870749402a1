package sentinel.rules.reported_address_test

import data.sentinel.calm_test as calm
import data.sentinel.rules.reported_address
import data.sentinel.sentence

_behaviour := calm.with_value(calm.address, "/external", ["failed_log_in"])

test_behaviour_is_judged if {
	reported_address.verdict == {sentence.named.reported_address} with input as _behaviour
	{one.id | some one in reported_address.verdict} == {"reported_address"} with input as _behaviour
}

test_calm_is_not_judged if reported_address.verdict == set() with input as calm.address

test_another_kind_of_requester_is_not_judged if {
	reported_address.verdict == set() with input as calm.with_value(calm.subject, "/external", ["failed_log_in"])
}

test_empty_input_is_silent if reported_address.verdict == set() with input as {}
