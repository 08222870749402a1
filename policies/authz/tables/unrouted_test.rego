package authz.tables_test

import data.authz.tables

test_every_unrouted_action_stands_in_the_table_and_in_no_route if {
	every action in tables.unrouted {
		tables.actions[action]
		not action in {row.action | some row in tables.routes}
	}
}
