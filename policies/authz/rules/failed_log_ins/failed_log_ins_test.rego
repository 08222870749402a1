package authz.rules.failed_log_ins_test

import data.authz.golden_test as golden
import data.authz.rules.failed_log_ins

_failing := json.patch(golden.acting(golden.stranger, "log_in.fail"), [{
	"op": "replace",
	"path": "/context/log_in",
	"value": {"factor": "password", "failures": "many", "familiar": "none"},
}])

_bar(seconds) := {
	"id": "bar_log_in",
	"type": "ban",
	"properties": {"seconds": seconds, "reason": "wrong_passwords"},
}

test_too_many_wrong_passwords_bar_log_ins[familiar] if {
	some familiar, seconds in {
		"none": golden.tables.limits.wrong_passwords_bar_seconds,
		"network": golden.tables.limits.wrong_passwords_bar_seconds,
		"device": golden.tables.limits.known_device_bar_seconds,
	}
	request := golden.with_value(_failing, "/context/log_in/familiar", familiar)
	failed_log_ins.oblige == {_bar(seconds)} with data.authz.tables as golden.tables with input as request
}

test_nothing_is_barred[name] if {
	some name, case in {
		"few failures": {"path": "/context/log_in/failures", "value": "few"},
		"another factor": {"path": "/context/log_in/factor", "value": "code"},
		"another action": {"path": "/action/name", "value": "log_in.attempt"},
	}
	failed_log_ins.oblige == set() with data.authz.tables as golden.tables with input as golden.with_value(_failing, case.path, case.value)
}

test_empty_input_is_silent if failed_log_ins.oblige == set() with data.authz.tables as golden.tables with input as {}
