package sentinel.rules.odd_log_in_test

import data.sentinel.calm_test as calm
import data.sentinel.rules.odd_log_in
import data.sentinel.sentence

_behaviour := calm.with_value(calm.with_value(calm.subject, "/signals/new_device", true), "/signals/new_country", true)

test_behaviour_is_judged if {
	odd_log_in.verdict == {sentence.named.odd_log_in} with input as _behaviour
	{one.id | some one in odd_log_in.verdict} == {"odd_log_in"} with input as _behaviour
}

test_calm_is_not_judged if odd_log_in.verdict == set() with input as calm.subject

test_another_kind_of_requester_is_not_judged if {
	odd_log_in.verdict == set() with input as calm.with_value(calm.with_value(calm.address, "/signals/new_device", true), "/signals/new_country", true)
}

test_one_sign_alone_is_none_0 if {
	odd_log_in.verdict == set() with input as calm.with_value(calm.subject, "/signals/new_device", true)
}

test_one_sign_alone_is_none_1 if {
	odd_log_in.verdict == set() with input as calm.with_value(calm.subject, "/signals/new_country", true)
}

test_empty_input_is_silent if odd_log_in.verdict == set() with input as {}
