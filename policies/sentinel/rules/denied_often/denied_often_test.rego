package sentinel.rules.denied_often_test

import data.sentinel.calm_test as calm
import data.sentinel.rules.denied_often
import data.sentinel.sentence

_behaviour := calm.with_value(calm.subject, "/signals/denials", "many")

test_behaviour_is_judged if {
	denied_often.verdict == {sentence.named.denied_often} with input as _behaviour
	{one.id | some one in denied_often.verdict} == {"denied_often"} with input as _behaviour
}

test_calm_is_not_judged if denied_often.verdict == set() with input as calm.subject

test_another_kind_of_requester_is_not_judged if {
	denied_often.verdict == set() with input as calm.with_value(calm.address, "/signals/denials", "many")
}

test_empty_input_is_silent if denied_often.verdict == set() with input as {}
