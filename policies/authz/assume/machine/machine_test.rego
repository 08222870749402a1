package authz.assume.machine_test

import data.authz.assume.machine
import data.authz.golden_test as golden

_machine := json.patch(golden.security, [
	{"op": "replace", "path": "/subject/type", "value": "machine"},
	{"op": "replace", "path": "/subject/properties/role", "value": "machine"},
	{"op": "replace", "path": "/context/credential/acr", "value": "urn:wardgate:acr:machine"},
	{"op": "replace", "path": "/context/credential/amr", "value": "swk"},
	{"op": "replace", "path": "/context/credential/factors", "value": "one"},
])

test_is_impossible[name] if {
	some name, request in {
		"a staff record": golden.with_value(_machine, "/subject/properties/staff", "s-1"),
		"a patient record": golden.with_value(_machine, "/subject/properties/patient", "p-1"),
		"an elevation": golden.with_value(_machine, "/context/credential/elevation", "fresh"),
		"a person's role": golden.with_value(_machine, "/subject/properties/role", "security"),
	}
	machine.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"a machine": _machine,
		"a machine whose role the tables do not know": golden.with_value(_machine, "/subject/properties/role", "gone"),
	}
	not machine.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not machine.impossible with data.authz.tables as golden.tables with input as {}
