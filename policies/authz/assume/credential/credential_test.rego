package authz.assume.credential_test

import data.authz.assume.credential
import data.authz.golden_test as golden

_bare(state, presented) := {
	"state": state,
	"presented": presented,
	"site": "unknown",
	"acr": "",
	"amr": "",
	"factors": "none",
	"elevation": "none",
}

test_is_impossible[name] if {
	some name, request in {
		"an expired token names a user": golden.with_value(golden.doctor, "/context/credential", _bare("expired", "header")),
		"a level": golden.with_value(golden.stranger, "/context/credential/acr", "urn:wardgate:acr:two-factor"),
		"factors": golden.with_value(golden.stranger, "/context/credential/factors", "two"),
		"an elevation": golden.with_value(golden.stranger, "/context/credential/elevation", "fresh"),
		"an ended session": golden.with_value(golden.stranger, "/context/revocation/session", "revoked"),
		"a session without a factor": golden.with_value(golden.doctor, "/context/credential/factors", "none"),
		"a session of nothing": golden.with_value(golden.doctor, "/subject/type", ""),
		"no token, presented": golden.with_value(golden.stranger, "/context/credential/presented", "header"),
	}
	credential.impossible with data.authz.tables as golden.tables with input as request
}

test_is_possible[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"nurse": golden.nurse,
		"patient": golden.patient,
		"security": golden.security,
		"stranger": golden.stranger,
		"a forged token": golden.with_value(golden.stranger, "/context/credential", _bare("invalid", "header")),
		"a session that begins": golden.with_value(golden.doctor, "/context/credential/acr", ""),
	}
	not credential.impossible with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_possible if not credential.impossible with data.authz.tables as golden.tables with input as {}
