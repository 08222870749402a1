package authz.tables_test

import data.authz.tables

test_every_remedy_has_a_title_and_changes_something if {
	every row in tables.remedies {
		row.title.en != ""
		row.title.ar != ""
		count(_changed(row)) > 0
	}
}

test_no_two_remedies_of_one_situation_share_a_title if {
	titles := [[row.title, row.when] | some row in tables.remedies]
	count(titles) == count({title | some title in titles})
}

test_no_remedy_changes_who_asks_for_what if {
	every row in tables.remedies {
		every path in _changed(row) {
			_changeable(path, row)
		}
	}
}

_changed(row) := object.keys(object.union(object.get(row, "set", {}), object.get(row, "turns_out", {})))

_changeable(path, _) if startswith(path, "/context/")

_changeable("/subject/properties/account", _)

_changeable(path, row) if {
	startswith(path, "/subject/properties/")
	row.when["/subject/properties/role"] == [""]
}

_changeable(path, row) if {
	startswith(path, "/subject/")
	row.when["/subject/type"] == ["anonymous"]
}

test_what_turns_out_is_told_in_both_languages if {
	every path, words in tables.remedy_words {
		some row in tables.remedies
		turning := row.turns_out[path]
		every word, text in words {
			word in {sprintf("%v", [value]) | some value in turning}
			text.en != ""
			text.ar != ""
		}
	}
}

test_who_has_a_right_is_told_in_both_languages if {
	every cells in tables.rights {
		every reach in cells {
			tables.right_words.reach[reach]
		}
	}
	every words in tables.right_words {
		every text in words {
			text.en != ""
			text.ar != ""
		}
	}
}

test_sentences_are_in_both_languages if {
	every text in tables.advice {
		text.en != ""
		text.ar != ""
	}
}
