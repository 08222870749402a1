package authz.rules.deletion_by_day_test

import data.authz.golden_test as golden
import data.authz.rules.deletion_by_day

test_deletion_by_day_is_not_denied[action] if {
	some action in ["patient.delete", "service.delete"]
	deletion_by_day.deny == set() with input as golden.acting(golden.doctor, action)
}

test_deletion_at_another_time_is_denied[name] if {
	some name, case in {
		"patient at night": {"action": "patient.delete", "period": "night"},
		"service at night": {"action": "service.delete", "period": "night"},
		"no clock": {"action": "service.delete", "period": ""},
	}
	request := golden.with_value(golden.acting(golden.doctor, case.action), "/context/time/period", case.period)
	deletion_by_day.deny == {"deletion_at_night"} with input as request
}

test_reading_at_night_is_not_denied if {
	deletion_by_day.deny == set() with input as golden.with_value(golden.doctor, "/context/time/period", "night")
}

test_empty_input_is_silent if deletion_by_day.deny == set() with input as {}
