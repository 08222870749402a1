package sentinel.rules.stranger_flood_test

import data.sentinel.calm_test as calm
import data.sentinel.rules.stranger_flood
import data.sentinel.sentence

_behaviour := calm.with_value(calm.address, "/signals/requests", "many")

test_behaviour_is_judged if {
	stranger_flood.verdict == {sentence.named.stranger_flood} with input as _behaviour
	{one.id | some one in stranger_flood.verdict} == {"stranger_flood"} with input as _behaviour
}

test_calm_is_not_judged if stranger_flood.verdict == set() with input as calm.address

test_another_kind_of_requester_is_not_judged if {
	stranger_flood.verdict == set() with input as calm.with_value(calm.subject, "/signals/requests", "many")
}

test_empty_input_is_silent if stranger_flood.verdict == set() with input as {}
