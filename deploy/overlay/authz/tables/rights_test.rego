package authz.tables_test

import data.authz
import data.authz.golden_test as golden
import data.authz.tables

_bills := golden.acting(golden.nurse, "bill.list")

test_nurses_see_the_bills_of_their_department if {
	tables.rights["Billing and Finance"] == {"nurse": "department", "patient": "self"}
	authz.answer.decision with input as _bills
	not authz.answer.decision with input as golden.with_value(_bills, "/context/care/same_department", false)
}
