# METADATA
# title: Golden requests
# description: One allowed request of each role. Tests vary them by json.patch.
package authz.golden_test

doctor := {
	"subject": {"type": "user", "id": "u-doctor", "properties": {
		"account": "active",
		"role": "doctor",
		"staff": "s-doctor",
		"patient": "",
		"department": "d-1",
	}},
	"action": {"name": "patient.read", "method": "safe"},
	"resource": {"type": "patient", "id": "p-1"},
	"context": {
		"credential": {
			"state": "valid",
			"presented": "header",
			"site": "unknown",
			"acr": "urn:wardgate:acr:two-factor",
			"amr": "pwd otp",
			"factors": "two",
			"elevation": "none",
		},
		"identity": {"state": "fresh"},
		"revocation": {"state": "fresh", "session": "clear", "subject": "clear", "log_in": "clear", "address": "clear", "step_up": "none", "stale_for": ""},
		"device": {"state": "fresh", "match": "same", "workstation": "none", "tap": "", "workstation_id": "", "zone": "", "network": ""},
		"location": {"state": "fresh", "place": "on_site", "country": "", "drift": "", "travel": "", "claimed_drift": "", "claimed_travel": ""},
		"care": {"state": "fresh", "treats": true, "same_department": true, "own": false},
		"signals": {
			"state": "fresh",
			"requests": "usual",
			"denials": "usual",
			"failed_log_ins": "usual",
			"patients": "usual",
			"predictions": "usual",
		},
		"log_in": {"factor": "", "failures": "none", "familiar": "none"},
		"time": {"state": "fresh", "period": "day"},
	},
}

nurse := json.patch(doctor, [
	{"op": "replace", "path": "/subject/id", "value": "u-nurse"},
	{"op": "replace", "path": "/subject/properties/role", "value": "nurse"},
	{"op": "replace", "path": "/subject/properties/staff", "value": "s-nurse"},
	{"op": "replace", "path": "/context/care/treats", "value": false},
])

patient := json.patch(doctor, [
	{"op": "replace", "path": "/subject/id", "value": "u-patient"},
	{"op": "replace", "path": "/subject/properties/role", "value": "patient"},
	{"op": "replace", "path": "/subject/properties/staff", "value": ""},
	{"op": "replace", "path": "/subject/properties/patient", "value": "p-1"},
	{"op": "replace", "path": "/subject/properties/department", "value": ""},
	{"op": "replace", "path": "/context/care", "value": {
		"state": "fresh",
		"treats": false,
		"same_department": false,
		"own": true,
	}},
])

security := json.patch(doctor, [
	{"op": "replace", "path": "/subject/id", "value": "u-security"},
	{"op": "replace", "path": "/subject/properties/role", "value": "security"},
	{"op": "replace", "path": "/subject/properties/staff", "value": ""},
	{"op": "replace", "path": "/action/name", "value": "user.list"},
	{"op": "replace", "path": "/resource", "value": {"type": "user", "id": ""}},
	{"op": "replace", "path": "/context/care/treats", "value": false},
])

stranger := {
	"subject": {"type": "anonymous", "id": "", "properties": {
		"account": "",
		"role": "",
		"staff": "",
		"patient": "",
		"department": "",
	}},
	"action": {"name": "log_in.attempt", "method": "unsafe"},
	"resource": {"type": "account", "id": ""},
	"context": {
		"credential": {"state": "none", "presented": "", "site": "unknown", "acr": "", "amr": "", "factors": "none", "elevation": "none"},
		"identity": {"state": "fresh"},
		"revocation": {"state": "fresh", "session": "clear", "subject": "clear", "log_in": "clear", "address": "clear", "step_up": "none", "stale_for": ""},
		"device": {"state": "fresh", "match": "unseen", "workstation": "none", "tap": "", "workstation_id": "", "zone": "", "network": ""},
		"location": {"state": "fresh", "place": "on_site", "country": "", "drift": "", "travel": "", "claimed_drift": "", "claimed_travel": ""},
		"care": {"state": "unknown", "treats": false, "same_department": false, "own": false},
		"signals": {
			"state": "fresh",
			"requests": "usual",
			"denials": "usual",
			"failed_log_ins": "usual",
			"patients": "usual",
			"predictions": "usual",
		},
		"log_in": {"factor": "", "failures": "none", "familiar": "none"},
		"time": {"state": "fresh", "period": "day"},
	},
}

# with_value replaces one value of a golden request.
with_value(request, path, value) := json.patch(request, [{"op": "replace", "path": path, "value": value}])

# acting is a golden request with another action.
acting(request, action) := with_value(request, "/action/name", action)

# claiming is a golden request that another enforcement point asks about, and
# vouches for.
claiming(request, claims) := json.patch(request, [
	{"op": "replace", "path": "/context/credential", "value": {
		"state": "delegated",
		"presented": "",
		"site": "unknown",
		"acr": "",
		"amr": "",
		"factors": "none",
		"elevation": "none",
	}},
	{"op": "replace", "path": "/context/device/match", "value": "unseen"},
	{"op": "add", "path": "/context/caller", "value": {"kind": "token", "name": "default"}},
	{"op": "add", "path": "/context/claims", "value": claims},
])
