package authz.tables_test

import data.authz.tables

test_every_action_has_a_right_in_the_table if {
	every _, row in tables.actions {
		tables.rights[row.right]
		is_boolean(row.changes)
	}
}

test_every_route_has_an_action_in_the_table if {
	every row in tables.routes {
		tables.actions[row.action]
		row.body in {"none", "json"}
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
