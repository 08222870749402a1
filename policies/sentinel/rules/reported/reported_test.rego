package sentinel.rules.reported_test

import data.sentinel.calm_test as calm
import data.sentinel.rules.reported
import data.sentinel.sentence

_behaviour := calm.with_value(calm.subject, "/external", ["failed_log_in"])

test_behaviour_is_judged if {
	reported.verdict == {sentence.named.reported} with input as _behaviour
	{one.id | some one in reported.verdict} == {"reported"} with input as _behaviour
}

test_calm_is_not_judged if reported.verdict == set() with input as calm.subject

test_another_kind_of_requester_is_not_judged if {
	reported.verdict == set() with input as calm.with_value(calm.address, "/external", ["failed_log_in"])
}

test_empty_input_is_silent if reported.verdict == set() with input as {}
