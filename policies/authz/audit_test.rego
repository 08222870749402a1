# METADATA
# title: Reading the evidence, whole
package authz.audit_test

import data.authz
import data.authz.golden_test as golden
import data.authz.tables

_readings := {"audit.read", "audit.verify", "policy.read", "report.read"}

_auditor := json.patch(golden.security, [
	{"op": "replace", "path": "/subject/id", "value": "u-auditor"},
	{"op": "replace", "path": "/subject/properties/role", "value": "auditor"},
])

_elevated(request) := json.patch(request, [
	{"op": "replace", "path": "/context/credential/acr", "value": tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

test_auditor_reads_after_a_fresh_factor_only[action] if {
	some action in _readings
	request := golden.acting(_auditor, action)
	authz.answer.context.reasons == {"step_up_required"} with input as request
	authz.answer.decision with input as _elevated(request)
}

test_officer_reads_after_a_fresh_factor_only[action] if {
	some action in _readings
	request := golden.acting(golden.security, action)
	authz.answer.context.reasons == {"step_up_required"} with input as request
	authz.answer.decision with input as _elevated(request)
}

test_no_one_else_reads_the_evidence[name] if {
	some name, request in {"doctor": golden.doctor, "nurse": golden.nurse, "patient": golden.patient}
	every action in _readings {
		"role_forbidden" in authz.answer.context.reasons with input as _elevated(golden.acting(request, action))
	}
}

test_stranger_reads_no_evidence[action] if {
	some action in _readings
	not authz.answer.decision with input as golden.acting(golden.stranger, action)
}

# What an auditor may change is the own session and the own factors.
test_auditor_changes_nothing_of_others if {
	changed := {row.right |
		some row in tables.actions
		row.changes
		tables.rights[row.right].auditor
	}
	changed == {"Own account", "Second factors"}
	every right in changed {
		tables.rights[right].auditor == "account"
	}
}

test_reading_the_evidence_changes_nothing[action] if {
	some action in _readings
	not tables.actions[action].changes
}

test_every_reading_is_of_an_action_with_a_route if {
	_readings == {row.action | some row in tables.routes; row.application == "console"}
}
