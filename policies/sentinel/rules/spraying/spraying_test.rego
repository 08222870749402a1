package sentinel.rules.spraying_test

import data.sentinel.calm_test as calm
import data.sentinel.rules.spraying
import data.sentinel.sentence

_behaviour := calm.with_value(calm.address, "/signals/sprayed_accounts", "many")

test_behaviour_is_judged if {
	spraying.verdict == {sentence.named.spraying} with input as _behaviour
	{one.id | some one in spraying.verdict} == {"spraying"} with input as _behaviour
}

test_calm_is_not_judged if spraying.verdict == set() with input as calm.address

test_another_kind_of_requester_is_not_judged if {
	spraying.verdict == set() with input as calm.with_value(calm.subject, "/signals/sprayed_accounts", "many")
}

test_empty_input_is_silent if spraying.verdict == set() with input as {}
