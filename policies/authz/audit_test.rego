# METADATA
# title: Reading the evidence, whole
package authz.audit_test

import data.authz
import data.authz.golden_test as golden

_readings := {"audit.read", "audit.verify", "policy.read", "report.read"}

_auditor := json.patch(golden.security, [
	{"op": "replace", "path": "/subject/id", "value": "u-auditor"},
	{"op": "replace", "path": "/subject/properties/role", "value": "auditor"},
])

_elevated(request) := json.patch(request, [
	{"op": "replace", "path": "/context/credential/acr", "value": golden.tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

test_auditor_reads_after_a_fresh_factor_only[action] if {
	some action in _readings
	request := golden.acting(_auditor, action)
	authz.answer.context.reasons == {"step_up_required"} with data.authz.tables as golden.tables with input as request
	authz.answer.decision with data.authz.tables as golden.tables with input as _elevated(request)
}

test_officer_reads_after_a_fresh_factor_only[action] if {
	some action in _readings
	request := golden.acting(golden.security, action)
	authz.answer.context.reasons == {"step_up_required"} with data.authz.tables as golden.tables with input as request
	authz.answer.decision with data.authz.tables as golden.tables with input as _elevated(request)
}

test_no_one_else_reads_the_evidence[name] if {
	some name, request in {"doctor": golden.doctor, "nurse": golden.nurse, "patient": golden.patient}
	every action in _readings {
		"role_forbidden" in authz.answer.context.reasons with data.authz.tables as golden.tables with input as _elevated(golden.acting(request, action))
	}
}

test_stranger_reads_no_evidence[action] if {
	some action in _readings
	not authz.answer.decision with data.authz.tables as golden.tables with input as golden.acting(golden.stranger, action)
}
