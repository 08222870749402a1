package authz.assume.callers_test

import data.authz.assume.callers
import data.authz.golden_test as golden

_bare(state, presented) := {
	"state": state,
	"presented": presented,
	"acr": "",
	"amr": "",
	"factors": "none",
	"elevation": "none",
}

_claimed(claims) := json.patch(golden.doctor, [{"op": "add", "path": "/context/claims", "value": claims}])

test_is_impossible[name] if {
	some name, request in {
		"a delegation without a caller": golden.with_value(golden.doctor, "/context/credential", _bare("delegated", "")),
		"a caller with a session": golden.with_value(golden.claiming(golden.doctor, {}), "/context/credential/state", "valid"),
		"a purpose without a caller": _claimed({"purpose": "treatment"}),
		"an elevation without a caller": _claimed({"elevation": "fresh"}),
	}
	callers.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"a caller": golden.claiming(golden.doctor, {"purpose": "treatment"}),
		"a caller without claims": golden.claiming(golden.doctor, {}),
		"a caller's stranger": json.patch(golden.stranger, [{"op": "add", "path": "/context/caller", "value": {"kind": "token", "name": "default"}}]),
	}
	not callers.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not callers.impossible with data.authz.tables as golden.tables with input as {}
