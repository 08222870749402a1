package sentinel.rules.bulk_reading_test

import data.sentinel.calm_test as calm
import data.sentinel.rules.bulk_reading
import data.sentinel.sentence

_behaviour := calm.with_value(calm.subject, "/signals/patients", "many")

test_behaviour_is_judged if {
	bulk_reading.verdict == {sentence.named.bulk_reading} with input as _behaviour
	{one.id | some one in bulk_reading.verdict} == {"bulk_reading"} with input as _behaviour
}

test_calm_is_not_judged if bulk_reading.verdict == set() with input as calm.subject

test_another_kind_of_requester_is_not_judged if {
	bulk_reading.verdict == set() with input as calm.with_value(calm.address, "/signals/patients", "many")
}

test_empty_input_is_silent if bulk_reading.verdict == set() with input as {}
