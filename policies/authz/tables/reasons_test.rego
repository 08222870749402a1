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
