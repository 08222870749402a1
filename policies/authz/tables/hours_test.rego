package authz.tables_test

import data.authz.tables

test_hospitals_own_table_leaves_treatment_alone[right] if {
	some right, _ in tables.hours
	not right in tables.always
}
