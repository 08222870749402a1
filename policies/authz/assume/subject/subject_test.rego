package authz.assume.subject_test

import data.authz.assume.subject
import data.authz.golden_test as golden

test_is_impossible[name] if {
	some name, request in {
		"an id of nothing": golden.with_value(golden.doctor, "/subject/type", ""),
		"an account": json.patch(golden.doctor, [{"op": "replace", "path": "/subject/id", "value": ""}, {"op": "replace", "path": "/context/credential/state", "value": "none"}, {"op": "replace", "path": "/context/care/state", "value": "unknown"}]),
		"a ban": golden.with_value(golden.stranger, "/context/revocation/subject", "banned"),
		"an owed factor": golden.with_value(golden.stranger, "/context/revocation/step_up", "owed"),
		"a session": golden.with_value(golden.stranger, "/context/credential/state", "valid"),
		"a relationship": golden.with_value(golden.stranger, "/context/care/state", "fresh"),
	}
	subject.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
	}
	not subject.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not subject.impossible with data.authz.tables as golden.tables with input as {}
