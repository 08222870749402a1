package authz.assume.account_test

import data.authz.assume.account
import data.authz.golden_test as golden

test_is_impossible[name] if {
	some name, request in {
		"a role": json.patch(golden.doctor, [{"op": "replace", "path": "/subject/properties/account", "value": ""}, {"op": "replace", "path": "/subject/properties/staff", "value": ""}, {"op": "replace", "path": "/subject/properties/department", "value": ""}]),
		"a staff record": json.patch(golden.doctor, [{"op": "replace", "path": "/subject/properties/account", "value": ""}, {"op": "replace", "path": "/subject/properties/role", "value": ""}, {"op": "replace", "path": "/subject/properties/department", "value": ""}]),
		"a department": json.patch(golden.doctor, [{"op": "replace", "path": "/subject/properties/account", "value": ""}, {"op": "replace", "path": "/subject/properties/role", "value": ""}, {"op": "replace", "path": "/subject/properties/staff", "value": ""}]),
		"a patient record": json.patch(golden.patient, [{"op": "replace", "path": "/subject/properties/account", "value": ""}, {"op": "replace", "path": "/subject/properties/role", "value": ""}]),
	}
	account.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
	}
	not account.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not account.impossible with data.authz.tables as golden.tables with input as {}
