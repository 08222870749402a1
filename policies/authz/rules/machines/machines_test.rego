package authz.rules.machines_test

import data.authz.golden_test as golden
import data.authz.rules.machines

_beginning := golden.with_value(
	golden.acting(golden.security, "machine.log_in"),
	"/subject/properties/role", "machine",
)

test_machine_begins if machines.deny == set() with data.authz.tables as golden.tables with input as _beginning

test_denials[name] if {
	some name, case in {
		"a person": {"path": "/subject/properties/role", "value": "security", "want": {"account_inactive"}},
		"disabled": {"path": "/subject/properties/account", "value": "disabled", "want": {"account_inactive"}},
		"banned": {"path": "/context/revocation/subject", "value": "banned", "want": {"subject_banned"}},
		"list stale": {"path": "/context/revocation/state", "value": "stale", "want": {"revocation_unknown"}},
	}
	machines.deny == case.want with data.authz.tables as golden.tables with input as golden.with_value(_beginning, case.path, case.value)
}

test_other_actions_are_not_judged if {
	machines.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(golden.doctor, "/context/revocation/subject", "banned")
}

test_empty_input_is_silent if machines.deny == set() with data.authz.tables as golden.tables with input as {}
