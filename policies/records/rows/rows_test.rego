package records.rows_test

import data.authz.golden_test as golden
import data.records.rows

_mine := {"patient": {"id": "p-1", "doctor": "s-doctor", "department": "d-1"}, "session": {"account": "u-doctor"}}

_other := {"patient": {"id": "p-9", "doctor": "s-9", "department": "d-9"}, "session": {"account": "u-9"}}

_empty := {"patient": {"id": "", "doctor": "", "department": ""}, "session": {"account": ""}}

_asking := {
	"doctor": golden.doctor,
	"nurse": golden.nurse,
	"patient": golden.patient,
	"own sessions": golden.acting(golden.doctor, "session.list"),
}

_unlinked := {
	"doctor": golden.with_value(golden.doctor, "/subject/properties/staff", ""),
	"nurse": golden.with_value(golden.nurse, "/subject/properties/department", ""),
	"patient": golden.with_value(golden.patient, "/subject/properties/patient", ""),
	"own sessions": golden.with_value(golden.acting(golden.doctor, "session.list"), "/subject/id", ""),
}

test_own_row_is_touched[name] if {
	some name, request in _asking
	rows.include with data.authz.tables as golden.tables with input as object.union(request, _mine)
}

test_another_row_is_not[name] if {
	some name, request in _asking
	not rows.include with data.authz.tables as golden.tables with input as object.union(request, _other)
}

# One field is enough for each reach, and the others do not help.
test_each_reach_reads_its_own_field[name] if {
	some name, case in {
		"doctor": {"request": golden.doctor, "path": "/patient/doctor"},
		"nurse": {"request": golden.nurse, "path": "/patient/department"},
		"patient": {"request": golden.patient, "path": "/patient/id"},
	}
	not rows.include with data.authz.tables as golden.tables with input as golden.with_value(object.union(case.request, _mine), case.path, "x-9")
}

test_unlinked_subject_touches_nothing[name] if {
	some name, request in _unlinked
	some row in [_mine, _empty]
	not rows.include with data.authz.tables as golden.tables with input as object.union(request, row)
}

test_no_row_is_known_beforehand[name] if {
	some name, request in _asking
	not rows.include with data.authz.tables as golden.tables with input as request
}

test_some_rights_reach_every_row if rows.include with data.authz.tables as golden.tables with input as golden.acting(golden.security, "patient.restore")

test_role_without_the_right_touches_nothing if {
	not rows.include with data.authz.tables as golden.tables with input as object.union(golden.acting(golden.nurse, "service.edit"), _mine)
}

test_empty_input_touches_nothing if not rows.include with data.authz.tables as golden.tables with input as {}
