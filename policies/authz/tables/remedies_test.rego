package authz.tables_test

import data.authz.tables

test_every_remedy_has_a_title_and_sets_something if {
	every row in tables.remedies {
		row.title != ""
		count(row.set) > 0
	}
}

test_no_two_remedies_share_a_title if {
	titles := [row.title | some row in tables.remedies]
	count(titles) == count({title | some title in titles})
}

test_no_remedy_changes_who_asks_for_what if {
	every row in tables.remedies {
		every path, _ in row.set {
			_changeable(path)
		}
	}
}

_changeable(path) if startswith(path, "/context/")

_changeable("/subject/properties/account")
