package authz.tables_test

import data.authz.golden_test as golden
import data.authz.tables

test_every_table_that_rules_read_is_there if object.keys(golden.tables) - {name | some name, _ in tables} == set()

test_every_action_has_a_right_in_the_table if {
	every _, row in tables.actions {
		tables.rights[row.right]
		is_boolean(row.changes)
	}
}

test_every_route_has_an_action_in_the_table if {
	every row in tables.routes {
		tables.actions[row.action]
	}
}

test_every_reach_is_a_word_that_the_rules_know if {
	every _, cells in tables.rights {
		every role, reach in cells {
			role in ({"anyone"} | object.keys(tables.roles))
			reach in {"own", "department", "self", "account", "any", "all", "public"}
		}
	}
}

test_public_reach_stands_for_anyone_alone if {
	every _, cells in tables.rights {
		every role, reach in cells {
			_agree(role, reach)
		}
	}
}

_agree("anyone", "public")

_agree(role, reach) if {
	role != "anyone"
	reach != "public"
}

test_hospital_has_an_own_network if {
	every cidr in tables.networks.hospital {
		net.cidr_is_valid(cidr)
	}
}

test_every_step_up_is_a_right_in_the_table if {
	every right in tables.step_up {
		tables.rights[right]
	}
}

test_every_right_that_resists_phishing_is_in_the_table if {
	every right in tables.phishing_resistant {
		tables.rights[right]
	}
}

# RFC 8176: the word of who proved to hold a key, which passkeys bring.
test_a_passkey_resists_phishing if "pop" in tables.phishing_resistant_amr

test_every_action_that_steps_up_stands_in_the_table if {
	every action in (tables.step_up_actions | object.keys(tables.step_up_by)) | tables.pass_opens {
		tables.actions[action]
	}
}

test_every_step_up_off_site_is_a_right_in_the_table if {
	every right in tables.step_up_off_site {
		tables.rights[right]
	}
}

test_no_two_routes_share_a_request_line if {
	lines := [sprintf("%s %s", [row.method, row.path]) | some row in tables.routes]
	count(lines) == count({line | some line in lines})
}

test_every_costly_action_stands_in_the_table if {
	every action in tables.costly {
		tables.actions[action]
	}
}

test_every_right_that_goes_on_without_signals_stands_in_the_table_and_says_why if {
	every right, why in tables.goes_on_without_signals {
		tables.rights[right]
		why != ""
	}
	every right in tables.emergency_without_signals {
		tables.rights[right]
	}
}

test_what_ends_a_session_changes_something if {
	every _, row in tables.actions {
		_ends_by_a_change(row)
	}
}

_ends_by_a_change(row) if not row.ends_session

_ends_by_a_change(row) if row.changes
