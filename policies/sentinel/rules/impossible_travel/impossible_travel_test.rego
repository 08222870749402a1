package sentinel.rules.impossible_travel_test

import data.sentinel.calm_test as calm
import data.sentinel.rules.impossible_travel
import data.sentinel.sentence

_behaviour := calm.with_value(calm.subject, "/signals/impossible_travel", true)

test_behaviour_is_judged if {
	impossible_travel.verdict == {sentence.named.impossible_travel} with input as _behaviour
	{one.id | some one in impossible_travel.verdict} == {"impossible_travel"} with input as _behaviour
}

test_calm_is_not_judged if impossible_travel.verdict == set() with input as calm.subject

test_another_kind_of_requester_is_not_judged if {
	impossible_travel.verdict == set() with input as calm.with_value(calm.address, "/signals/impossible_travel", true)
}

test_empty_input_is_silent if impossible_travel.verdict == set() with input as {}
