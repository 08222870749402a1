package records_test

import data.authz.golden_test as golden
import data.records

_row := {"patient": {"id": "p-1", "doctor": "s-doctor", "department": "d-1"}, "session": {"account": ""}}

_off_site := golden.with_value(golden.doctor, "/context/location/place", "off_site")

test_rows_and_columns_are_asked_about_the_same_request if {
	records.rows.include with data.authz.tables as golden.tables with input as object.union(_off_site, _row)
	records.columns.mask == {"contact", "national_id"} with data.authz.tables as golden.tables with input as _off_site
}

test_empty_input_touches_nothing if not records.rows.include with data.authz.tables as golden.tables with input as {}
