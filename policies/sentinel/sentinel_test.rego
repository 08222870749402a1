package sentinel_test

import data.sentinel
import data.sentinel.calm_test as calm

test_calm_behaviour_calls_for_nothing if {
	sentinel.verdicts == set() with input as calm.subject
	sentinel.verdicts == set() with input as calm.address
}

test_every_rule_speaks if {
	busy := calm.with_value(calm.with_value(calm.subject, "/signals/requests", "many"), "/signals/patients", "many")
	{verdict.id | some verdict in sentinel.verdicts} == {"bulk_reading", "flood"} with input as busy
}

test_empty_input_calls_for_nothing if sentinel.verdicts == set() with input as {}
