package authz.rules.route_test

import data.authz.golden_test as golden
import data.authz.rules.route

test_known_action_is_not_denied if route.deny == set() with data.authz.tables as golden.tables with input as golden.doctor

test_unknown_action_is_denied if {
	route.deny == {"route_unknown"} with data.authz.tables as golden.tables with input as golden.acting(golden.doctor, "patient.export")
}

test_empty_input_is_denied if route.deny == {"route_unknown"} with data.authz.tables as golden.tables with input as {}
