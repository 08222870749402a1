package authz.tables_test

import data.authz.tables

test_every_reason_has_a_class_a_status_and_sentences if {
	every _, row in tables.reasons {
		row.class in {"credential", "device", "right", "relationship", "place", "behaviour", "unavailable", "malformed"}
		row.status in {401, 403, 404, 429, 503}
		row.text.en != ""
		row.text.ar != ""
	}
}

test_what_tells_whether_a_record_exists_has_one_text if {
	count({row.text | some row in tables.reasons; row.class == "relationship"}) == 1
}

test_whom_to_ask_is_said_in_every_language if {
	asked := {code | some code, row in tables.reasons; row.ask.en != ""; row.ask.ar != ""}
	asked == {code | some code, row in tables.reasons; row.ask}
	{"role_forbidden", "not_your_patient", "purpose_unfit"} - asked == set()
}

# What helps at once is a button on the page; nobody has to be asked for that.
test_nobody_is_asked_for_what_people_do_themselves if {
	every row in [r | some r in tables.reasons; r.ask] {
		row.status == 403
	}
}

test_whom_to_ask_does_not_tell_whether_a_record_exists if {
	count({row.ask | some row in tables.reasons; row.class == "relationship"}) == 1
}
