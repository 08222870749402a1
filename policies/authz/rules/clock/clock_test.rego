package authz.rules.clock_test

import data.authz.golden_test as golden
import data.authz.rules.clock

test_known_time_is_not_denied[period] if {
	some period in ["day", "night"]
	clock.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(golden.doctor, "/context/time/period", period)
}

test_unknown_time_is_denied[name] if {
	some name, case in {
		"no clock": {"path": "/context/time/state", "value": "unknown"},
		"no period": {"path": "/context/time/period", "value": ""},
	}
	request := golden.with_value(golden.doctor, case.path, case.value)
	clock.deny == {"time_unknown"} with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_denied if clock.deny == {"time_unknown"} with data.authz.tables as golden.tables with input as {}
