package authz.rules.code_failures_test

import data.authz.golden_test as golden
import data.authz.rules.code_failures

_failing := json.patch(golden.acting(golden.stranger, "log_in.fail"), [{
	"op": "replace",
	"path": "/context/log_in",
	"value": {"factor": "code", "failures": "many", "familiar": "none"},
}])

test_worn_out_challenge_bars_log_ins if {
	want := {
		"id": "bar_log_in",
		"type": "ban",
		"properties": {"seconds": golden.tables.limits.code_bar_seconds, "reason": "wrong_codes"},
	}
	code_failures.oblige == {want} with data.authz.tables as golden.tables with input as _failing
}

test_nothing_is_barred[name] if {
	some name, case in {
		"few failures": {"path": "/context/log_in/failures", "value": "few"},
		"another factor": {"path": "/context/log_in/factor", "value": "password"},
		"another action": {"path": "/action/name", "value": "session.elevate"},
	}
	code_failures.oblige == set() with data.authz.tables as golden.tables with input as golden.with_value(_failing, case.path, case.value)
}

test_empty_input_is_silent if code_failures.oblige == set() with data.authz.tables as golden.tables with input as {}
