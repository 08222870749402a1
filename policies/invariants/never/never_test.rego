package invariants.never_test

import data.authz.golden_test as golden

_answer(decision, duties) := {"decision": decision, "context": {"reasons": set(), "obligations": duties}}

# What a book must never allow, by the invariant that it would break.
_allowed := {
	"anonymous_roles": {"subject": {"type": "anonymous", "properties": {"role": "doctor"}}},
	"cross_site": {"action": {"method": "unsafe"}, "context": {"credential": {"presented": "cookie", "site": "foreign"}}},
	"borrowed_sessions": {"context": {"credential": {"state": "valid"}, "caller": {"kind": "token"}}},
	"machines_with_records": {"subject": {"type": "machine", "properties": {"staff": "s-1", "patient": ""}}},
	"one_factor_administration": {"action": {"name": "user.list"}, "subject": {"type": "user"}, "context": {"credential": {"state": "valid", "factors": "one"}}},
	"one_factor_elevation": {"context": {"credential": {"elevation": "fresh", "factors": "one"}}},
	"unseen_devices": {"context": {"credential": {"state": "valid", "presented": "header"}, "device": {"state": "fresh", "match": "unseen"}}},
	"unverified_roles": {"subject": {"properties": {"role": "doctor"}}, "context": {"credential": {"state": "expired"}}},
	"bills_for_treatment": {"action": {"name": "bill.list"}, "context": {"claims": {"purpose": "treatment"}}},
	"changes_from_elsewhere": {"action": {"name": "service.add"}},
	"contacts_off_site": {"action": {"name": "patient.read"}, "resource": {"type": "patient"}},
	"fragile_predictions": {"action": {"name": "model.predict"}, "resource": {"type": "model"}, "subject": {"properties": {"role": "nurse"}}},
	"national_ids": {"action": {"name": "patient.read"}, "resource": {"type": "patient"}, "subject": {"properties": {"role": "nurse"}}},
	"officers_at_night": {"action": {"name": "user.ban"}, "subject": {"properties": {"role": "security"}}},
	"other_purposes": {"action": {"name": "patient.read"}, "context": {"claims": {"purpose": "other"}}},
	"restoring_at_night": {"action": {"name": "patient.restore"}},
	"administration": {"action": {"name": "ban.lift"}, "subject": {"properties": {"role": ""}}},
	"banned": {"action": {"name": ""}, "context": {"revocation": {"subject": "banned"}}},
	"banned_log_in": {"action": {"name": "machine.log_in"}},
	"barred_log_in": {"action": {"name": "session.create"}},
	"bulk_reading": {"action": {"name": "patient.list"}, "context": {"signals": {"patients": "far_more"}}, "subject": {"properties": {"role": "doctor"}}},
	"changes_without_a_step_up": {"action": {"name": "patient.delete"}},
	"changes_without_treating": {"action": {"name": "patient.add"}, "resource": {"id": "x-1"}, "subject": {"properties": {"role": "doctor"}}},
	"claimed_elevation": {"action": {"name": "bill.list"}, "context": {"credential": {"state": "delegated"}, "revocation": {"step_up": "owed"}}},
	"emergency_deletes": {"action": {"name": "patient.delete"}, "context": {"claims": {"purpose": "emergency"}}},
	"ended_sessions": {"action": {"name": ""}, "context": {"credential": {"state": "valid"}, "revocation": {"session": "revoked"}}},
	"evidence": {"action": {"name": "audit.read"}, "subject": {"properties": {"role": ""}}},
	"evidence_without_a_step_up": {"action": {"name": "audit.read"}},
	"impossible_travel": {"action": {"name": "session.create"}, "context": {"location": {"travel": "impossible"}, "log_in": {"familiar": "none"}}},
	"inactive_accounts": {"action": {"name": ""}},
	"inactive_log_in": {"action": {"name": "machine.log_in"}},
	"old_revocations": {"action": {"name": ""}},
	"one_factor": {"action": {"name": "session.create"}},
	"other_departments": {"action": {"name": "bill.list"}, "resource": {"id": "x-1"}, "subject": {"properties": {"role": "nurse"}}},
	"other_devices": {"action": {"name": ""}, "context": {"device": {"match": "changed"}}},
	"others_in_records": {"action": {"name": "bill.list"}, "subject": {"properties": {"role": "auditor"}}},
	"owed_step_up": {"action": {"name": ""}, "context": {"revocation": {"step_up": "owed"}}},
	"own_account": {"action": {"name": "user.approve"}, "resource": {"type": "user", "id": "x-1"}, "subject": {"id": "x-1"}},
	"patients_changing": {"action": {"name": "patient.add"}, "subject": {"properties": {"role": "patient"}}},
	"patients_of_others": {"action": {"name": "bill.list"}, "subject": {"properties": {"role": "patient"}}},
	"reading_without_treating": {"action": {"name": "bill.list"}, "resource": {"id": "x-1"}, "subject": {"properties": {"role": "doctor"}}},
	"records_without_rows": {"action": {"name": "bill.list"}},
	"strangers": {"action": {"name": ""}, "context": {"credential": {"state": ""}}},
	"unknown_care": {"action": {"name": "bill.list"}, "resource": {"id": "x-1"}, "subject": {"properties": {"role": "doctor"}}},
	"unknown_hours": {},
	"unknown_identity": {"action": {"name": ""}},
	"administration_without_a_step_up": {"action": {"name": "user.approve"}},
	"consoles": {"action": {"name": "console.read"}, "subject": {"properties": {"role": "nurse"}}},
	"factors_by_mail": {"action": {"name": "factor.remove"}, "context": {"credential": {"amr": "pwd email"}}},
	"factors_without_a_step_up": {"action": {"name": "factor.add"}},
	"reporting": {"action": {"name": "signal.report"}, "subject": {"properties": {"role": "patient"}}},
	"restoring": {"action": {"name": "patient.restore"}, "subject": {"properties": {"role": "nurse"}}},
	"unwatched_administration": {"action": {"name": "user.ban"}},
	"resuming_elsewhere": {"action": {"name": "session.resume"}, "context": {"device": {"workstation": "registered"}, "location": {"place": "off_site"}}},
	"vouching": {"action": {"name": "pass.confirm"}, "subject": {"properties": {"role": "patient"}}},
	"unrevoked_changes": {"action": {"name": "patient.add"}},
}

test_allowing_it_violates[name] if {
	some name, request in _allowed
	data.invariants.never[name].violated with data.authz.tables as golden.tables with input as request with data.authz.answer as _answer(true, set())
}

test_role_without_a_row_does_not_vouch if {
	request := {"action": {"name": "pass.confirm"}, "subject": {"properties": {"role": ""}}}
	data.invariants.never.vouching.violated with data.authz.tables as golden.tables with input as request with data.authz.answer as _answer(true, set())
}

test_machine_with_a_patient_record_violates if {
	request := {"subject": {"type": "machine", "properties": {"staff": "", "patient": "p-1"}}}
	data.invariants.never.machines_with_records.violated with input as request with data.authz.answer as _answer(true, set())
}

test_denying_it_does_not[name] if {
	some name, request in _allowed
	not data.invariants.never[name].violated with data.authz.tables as golden.tables with input as request with data.authz.answer as _answer(false, set())
}

# Duties that no answer may give.
_duties := {
	"old_step_up": {"id": "step_up", "type": "challenge", "properties": {"max_age": 3601}},
	"revoking_readers": {"id": "revoke_session", "type": "revoke"},
	"unbound_duties": {"id": "unheard_of", "type": "alert"},
}

test_duty_of_no_type_violates[name] if {
	some name, duty in {"none": {"id": "alert"}, "another": {"id": "alert", "type": "unheard_of"}}
	data.invariants.never.unbound_duties.violated with data.authz.answer as _answer(false, {duty})
}

test_duty_that_is_bound_does_not if {
	not data.invariants.never.unbound_duties.violated with data.authz.answer as _answer(false, {{"id": "alert", "type": "alert"}})
}

test_slip_that_ends_a_session_violates if {
	data.invariants.never.revoking_slips.violated with input as {"action": {"name": "service.add"}}
		with data.authz.answer as _answer(false, {{"id": "revoke_session", "type": "revoke"}})
}

test_duty_violates[name] if {
	some name, duty in _duties
	data.invariants.never[name].violated with data.authz.tables as golden.tables with input as {"action": {"name": "patient.read"}}
		with data.authz.answer as _answer(false, {duty})
}

test_reason_without_a_text_violates if {
	data.invariants.never.unknown_codes.violated with data.authz.answer as {"context": {"reasons": {"unheard_of"}}}
}

# Rows that a condition must not let through.
_rows := {
	"rows_of_other_departments": _reading("nurse"),
	"rows_of_other_doctors": _reading("doctor"),
	"rows_of_other_patients": _reading("patient"),
	"rows_without_an_id": {
		"subject": {"properties": {"role": "doctor", "staff": "", "patient": "", "department": ""}},
		"action": {"name": "patient.list"},
	},
	"sessions_of_others": {"action": {"name": "session.list"}},
}

_reading(role) := {"subject": {"properties": {"role": role}}, "action": {"name": "patient.read"}}

test_row_violates[name] if {
	some name, request in _rows
	data.invariants.never[name].violated with data.authz.tables as golden.tables with input as request with data.records.rows.include as true
}

# What is withheld keeps the promise.
_withheld := {
	"contacts_off_site": {"id": "withhold", "properties": {"fields": {"contact", "national_id"}}},
	"fragile_predictions": {"id": "withhold_fragile"},
	"national_ids": {"id": "withhold", "properties": {"fields": {"national_id"}}},
}

test_withholding_does_not_violate[name] if {
	some name, duty in _withheld
	not data.invariants.never[name].violated with data.authz.tables as golden.tables with input as _allowed[name] with data.authz.answer as _answer(true, {duty})
}

test_stale_reading_by_others_violates[name] if {
	some name, row in {"security": {"security": 5}, "for too long": {"doctor": 16}}
	data.invariants.never.stale_readers.violated with data.authz.tables.stale_revocation_reads as row
		with data.authz.tables.roles as {"security": {"kind": "officer"}, "doctor": {"kind": "staff"}}
}

test_named_role_reads_what_id_management_said_before if {
	not data.invariants.never.unknown_identity.violated with data.authz.tables as golden.tables with input as {
		"subject": {"properties": {"role": "doctor"}},
		"action": {"name": "patient.read"},
		"context": {"identity": {"state": "stale"}, "location": {"place": "on_site"}},
	}
		with data.authz.answer as _answer(true, set())
		with data.authz.tables.stale_revocation_reads as {"doctor": 5}
}

test_record_with_rows_is_read if {
	not data.invariants.never.records_without_rows.violated with data.authz.tables as golden.tables with input as {"action": {"name": "patient.read"}}
		with data.authz.answer as _answer(true, {{"id": "row_condition"}})
}

test_named_role_reads_under_a_stale_list if {
	not data.invariants.never.old_revocations.violated with data.authz.tables as golden.tables with input as {
		"subject": {"properties": {"role": "doctor"}},
		"action": {"name": "patient.read"},
		"context": {"revocation": {"state": "stale", "stale_for": "short"}, "location": {"place": "on_site"}},
	}
		with data.authz.answer as _answer(true, set())
		with data.authz.tables.stale_revocation_reads as {"doctor": 5}
}

# What looks like one of them, and is right.
_right := {
	"changes_without_a_step_up": {
		"action": {"name": "service.edit"},
		"context": {"device": {"workstation": "registered", "tap": "fresh"}, "location": {"place": "on_site"}},
	},
	"resuming_elsewhere": {"action": {"name": "session.resume"}, "context": {"device": {"workstation": "registered"}, "location": {"place": "on_site"}}},
	"administration_without_a_step_up": {"action": {"name": "user.approve"}, "subject": {"properties": {"role": "machine"}}},
	"factors_by_mail": {"action": {"name": "factor.remove"}, "context": {"credential": {"amr": "pwd otp"}}},
	"factors_without_a_step_up": {"action": {"name": "factor.add"}, "context": {"credential": {"acr": golden.tables.pass_acr}}},
	"vouching": {"action": {"name": "pass.confirm"}, "subject": {"properties": {"role": "nurse"}}},
}

test_allowing_what_is_right_does_not_violate[name] if {
	some name, request in _right
	not data.invariants.never[name].violated with data.authz.tables as golden.tables with input as request with data.authz.answer as _answer(true, set())
}

test_right_by_a_factor_that_does_not_resist_phishing_violates[amr] if {
	some amr, violates in {"pwd otp": true, "pwd email": true, "": true, "pop mfa": false, "pwd pop mfa": false}
	strict := object.union(golden.tables, {"phishing_resistant": {"Patient Health overview"}})
	request := golden.with_value(golden.doctor, "/context/credential/amr", amr)
	found := {true |
		data.invariants.never.phishable_factors.violated with data.authz.tables as strict with input as request with data.authz.answer as _answer(true, set())
	}
	found == {true | violates}
}
