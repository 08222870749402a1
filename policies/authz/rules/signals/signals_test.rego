package authz.rules.signals_test

import data.authz.golden_test as golden
import data.authz.rules.signals

_changing := golden.acting(golden.doctor, "service.edit")

test_change_with_signals_is_not_denied if signals.deny == set() with input as _changing

test_change_without_signals_is_denied[state] if {
	some state in ["unknown", "stale"]
	request := golden.with_value(_changing, "/context/signals/state", state)
	signals.deny == {"signals_unknown"} with input as request
}

test_reading_without_signals_goes_on[state] if {
	some state in ["unknown", "stale"]
	request := golden.with_value(golden.doctor, "/context/signals/state", state)
	signals.deny == set() with input as request
}

test_unknown_action_without_signals_is_denied if {
	request := golden.with_value(golden.acting(golden.doctor, "x"), "/context/signals/state", "unknown")
	signals.deny == {"signals_unknown"} with input as request
}

test_public_action_is_not_denied if {
	request := golden.with_value(golden.stranger, "/context/signals/state", "unknown")
	signals.deny == set() with input as request
}

test_empty_input_is_denied if signals.deny == {"signals_unknown"} with input as {}
