package authz.assume.person_test

import data.authz.assume.person
import data.authz.golden_test as golden

test_is_impossible[name] if {
	some name, request in {
		"one factor": golden.with_value(golden.doctor, "/context/credential/factors", "one"),
		"none": golden.with_value(golden.doctor, "/context/credential/factors", "none"),
	}
	person.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
	}
	not person.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not person.impossible with data.authz.tables as golden.tables with input as {}
