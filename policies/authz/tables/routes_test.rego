package authz.tables_test

import data.authz.tables

test_every_reading_is_of_an_action_with_a_route if {
	{"audit.read", "audit.verify", "policy.read", "report.read"} == {row.action | some row in tables.routes; row.application == "console"}
}

# A page is shown to everybody, or has the action of the call that reads the same;
# what a form does has the action of the call that does the same.
test_forms_have_the_actions_of_calls if {
	calls := {row.action | some row in tables.routes; row.application == "admin"; row.body != "form"; row.action != "page.show"}
	forms := {row.action | some row in tables.routes; row.body == "form"}
	count(forms) > 5
	forms - calls == set()
}

test_looking_at_a_page_changes_nothing if {
	changing := {row.path | some row in tables.routes; row.method == "GET"; tables.actions[row.action].changes}
	changing == {"/.wardgate/session"} # where a session arrives that was carried there
}

# What is done to one patient or one order has a way that names it.
test_what_is_done_to_one_record_names_it if {
	unnamed := {row.action |
		some row in tables.routes
		row.application == "records"
		not contains(row.path, sprintf("{%s}", [row.resource]))
	}
	unnamed == {"patient.list", "patient.add"}
}
