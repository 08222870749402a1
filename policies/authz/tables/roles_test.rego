package authz.tables_test

import data.authz.tables

test_every_role_has_a_kind_and_a_record_that_wardgate_knows if {
	every _, row in tables.roles {
		row.kind in {"staff", "patient", "machine", "officer", "auditor"}
		row.record in {"none", "staff", "patient"}
		is_boolean(row.sign_up)
	}
}

test_nobody_signs_up_to_administer_or_to_audit if {
	every _, row in tables.roles {
		_people(row)
	}
}

_people(row) if not row.sign_up

_people(row) if row.kind in {"staff", "patient"}

test_every_role_of_another_table_has_a_row if {
	named := ((({role | some role, _ in tables.rights[_]} | {role | some role, _ in tables.hours[_]}) | object.keys(tables.withheld_from)) | object.keys(tables.stale_revocation_reads)) | tables.fragile_withheld
	named - {"anyone"} == (named - {"anyone"}) & object.keys(tables.roles)
}
