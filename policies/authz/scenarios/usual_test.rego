package authz.scenarios_test

# Who may do what in usual circumstances: in the hospital, by day, after a second
# factor, of the own patient, ward or record. A role more is a person more (in
# scenarios_test.rego), and a column more or a table in a file of its own.

# METADATA
# title: Patients, what is ordered for them, and bills
_usual["records"] := `
does             | doctor | nurse | patient | security | auditor | machine | stranger
patient.list     | yes    | yes   | no      | no       | no      | no      | session_missing
patient.read     | yes    | yes   | yes     | no       | no      | no      | session_missing
patient.add      | yes    | no    | no      | no       | no      | no      | session_missing
patient.delete   | yes    | no    | no      | no       | no      | no      | session_missing
patient.restore  | no     | no    | no      | yes      | no      | no      | session_missing
service.list     | yes    | yes   | yes     | no       | no      | no      | session_missing
service.add      | yes    | no    | no      | no       | no      | no      | session_missing
service.edit     | yes    | no    | no      | no       | no      | no      | session_missing
service.delete   | yes    | no    | no      | no       | no      | no      | session_missing
service.complete | no     | yes   | no      | no       | no      | no      | session_missing
bill.list        | no     | no    | yes     | no       | no      | no      | session_missing
`

# METADATA
# title: Models, the own account, and a pass for a colleague
_usual["models_and_own_account"] := `
does            | doctor | nurse | patient | security | auditor | machine | stranger
model.read      | yes    | yes   | no      | no       | no      | no      | session_missing
model.predict   | yes    | yes   | no      | no       | no      | no      | session_missing
account.read    | yes    | yes   | yes     | yes      | yes     | no      | session_missing
session.list    | yes    | yes   | yes     | yes      | yes     | no      | session_missing
session.end     | yes    | yes   | yes     | yes      | yes     | no      | session_missing
session.elevate | yes    | yes   | yes     | yes      | yes     | no      | session_missing
device.list     | yes    | yes   | yes     | yes      | yes     | no      | session_missing
device.forget   | yes    | yes   | yes     | yes      | yes     | no      | session_missing
notice.list     | yes    | yes   | yes     | yes      | yes     | no      | session_missing
factor.read     | yes    | yes   | yes     | yes      | yes     | no      | session_missing
factor.add      | yes    | yes   | yes     | yes      | yes     | no      | session_missing
factor.confirm  | yes    | yes   | yes     | yes      | yes     | no      | session_missing
factor.remove   | yes    | yes   | yes     | yes      | yes     | no      | session_missing
pass.propose    | yes    | yes   | no      | no       | no      | no      | session_missing
pass.confirm    | yes    | yes   | no      | no       | no      | no      | session_missing
session.resume  | workstation_required | workstation_required | workstation_required | workstation_required | workstation_required | no, workstation_required | session_missing
`

# METADATA
# title: Administration
_usual["administration"] := `
does               | doctor | nurse | patient | security | auditor | machine          | stranger
user.list          | no     | no    | no      | yes      | no      | yes              | session_missing
user.approve       | no     | no    | no      | yes      | no      | yes              | session_missing
user.ban           | no     | no    | no      | yes      | no      | yes              | session_missing
user.unban         | no     | no    | no      | yes      | no      | yes              | session_missing
user.revoke        | no     | no    | no      | yes      | no      | yes              | session_missing
user.change        | no     | no    | no      | yes      | no      | step_up_required | session_missing
user.disable       | no     | no    | no      | yes      | no      | step_up_required | session_missing
user.enable        | no     | no    | no      | yes      | no      | step_up_required | session_missing
user.link          | no     | no    | no      | yes      | no      | yes              | session_missing
user.unlink        | no     | no    | no      | yes      | no      | step_up_required | session_missing
user.issue_pass    | no     | no    | no      | yes      | no      | step_up_required | session_missing
user.set_badge     | no     | no    | no      | yes      | no      | step_up_required | session_missing
user.remove_factor | no     | no    | no      | yes      | no      | step_up_required | session_missing
ban.list           | no     | no    | no      | yes      | no      | yes              | session_missing
ban.lift           | no     | no    | no      | yes      | no      | yes              | session_missing
workstation.list     | no   | no    | no      | yes      | no      | no               | session_missing
workstation.register | no   | no    | no      | yes      | no      | no               | session_missing
workstation.remove   | no   | no    | no      | yes      | no      | no               | session_missing
signal.report      | no     | no    | no      | no       | no      | yes              | session_missing
`

# METADATA
# title: The console and the evidence
_usual["evidence"] := `
does           | doctor | nurse | patient | security | auditor | machine | stranger
console.read   | no     | no    | no      | yes      | no      | no      | session_missing
console.change | no     | no    | no      | yes      | no      | no      | session_missing
audit.read     | no     | no    | no      | yes      | yes     | no      | session_missing
audit.verify   | no     | no    | no      | yes      | yes     | no      | session_missing
policy.read    | no     | no    | no      | yes      | yes     | no      | session_missing
report.read    | no     | no    | no      | yes      | yes     | no      | session_missing
`

# METADATA
# title: Logging in, and what needs no session
_usual["logging_in"] := `
does             | doctor           | nurse            | patient          | security         | auditor          | machine | stranger
log_in.begin     | yes              | yes              | yes              | yes              | yes              | yes     | yes
log_in.attempt   | yes              | yes              | yes              | yes              | yes              | yes     | yes
log_in.fail      | yes              | yes              | yes              | yes              | yes              | yes     | yes
session.create   | yes              | yes              | yes              | yes              | yes              | yes     | account_inactive, factor_missing
session.continue | yes              | yes              | yes              | yes              | yes              | yes     | account_inactive
session.redeem   | yes              | yes              | yes              | yes              | yes              | yes     | yes
session.refresh  | yes              | yes              | yes              | yes              | yes              | yes     | yes
machine.log_in   | account_inactive | account_inactive | account_inactive | account_inactive | account_inactive | yes     | account_inactive
account.sign_up  | yes              | yes              | yes              | yes              | yes              | yes     | yes
account.verify   | yes              | yes              | yes              | yes              | yes              | yes     | yes
account.forgot   | yes              | yes              | yes              | yes              | yes              | yes     | yes
account.reset    | yes              | yes              | yes              | yes              | yes              | yes     | yes
key.list         | yes              | yes              | yes              | yes              | yes              | yes     | yes
page.show        | yes              | yes              | yes              | yes              | yes              | yes     | yes
demo.outbox      | yes              | yes              | yes              | yes              | yes              | yes     | yes
`

test_records_by_doctor[action] if {
	some row in _table(_usual.records)
	action := row.does
	_said(_asking("doctor", action)) == row.doctor
}

test_records_by_nurse[action] if {
	some row in _table(_usual.records)
	action := row.does
	_said(_asking("nurse", action)) == row.nurse
}

test_records_by_patient[action] if {
	some row in _table(_usual.records)
	action := row.does
	_said(_asking("patient", action)) == row.patient
}

test_records_by_security[action] if {
	some row in _table(_usual.records)
	action := row.does
	_said(_asking("security", action)) == row.security
}

test_records_by_auditor[action] if {
	some row in _table(_usual.records)
	action := row.does
	_said(_asking("auditor", action)) == row.auditor
}

test_records_by_machine[action] if {
	some row in _table(_usual.records)
	action := row.does
	_said(_asking("machine", action)) == row.machine
}

test_records_by_stranger[action] if {
	some row in _table(_usual.records)
	action := row.does
	_said(_asking("stranger", action)) == row.stranger
}

test_models_and_own_account_by_doctor[action] if {
	some row in _table(_usual.models_and_own_account)
	action := row.does
	_said(_asking("doctor", action)) == row.doctor
}

test_models_and_own_account_by_nurse[action] if {
	some row in _table(_usual.models_and_own_account)
	action := row.does
	_said(_asking("nurse", action)) == row.nurse
}

test_models_and_own_account_by_patient[action] if {
	some row in _table(_usual.models_and_own_account)
	action := row.does
	_said(_asking("patient", action)) == row.patient
}

test_models_and_own_account_by_security[action] if {
	some row in _table(_usual.models_and_own_account)
	action := row.does
	_said(_asking("security", action)) == row.security
}

test_models_and_own_account_by_auditor[action] if {
	some row in _table(_usual.models_and_own_account)
	action := row.does
	_said(_asking("auditor", action)) == row.auditor
}

test_models_and_own_account_by_machine[action] if {
	some row in _table(_usual.models_and_own_account)
	action := row.does
	_said(_asking("machine", action)) == row.machine
}

test_models_and_own_account_by_stranger[action] if {
	some row in _table(_usual.models_and_own_account)
	action := row.does
	_said(_asking("stranger", action)) == row.stranger
}

test_administration_by_doctor[action] if {
	some row in _table(_usual.administration)
	action := row.does
	_said(_asking("doctor", action)) == row.doctor
}

test_administration_by_nurse[action] if {
	some row in _table(_usual.administration)
	action := row.does
	_said(_asking("nurse", action)) == row.nurse
}

test_administration_by_patient[action] if {
	some row in _table(_usual.administration)
	action := row.does
	_said(_asking("patient", action)) == row.patient
}

test_administration_by_security[action] if {
	some row in _table(_usual.administration)
	action := row.does
	_said(_asking("security", action)) == row.security
}

test_administration_by_auditor[action] if {
	some row in _table(_usual.administration)
	action := row.does
	_said(_asking("auditor", action)) == row.auditor
}

test_administration_by_machine[action] if {
	some row in _table(_usual.administration)
	action := row.does
	_said(_asking("machine", action)) == row.machine
}

test_administration_by_stranger[action] if {
	some row in _table(_usual.administration)
	action := row.does
	_said(_asking("stranger", action)) == row.stranger
}

test_evidence_by_doctor[action] if {
	some row in _table(_usual.evidence)
	action := row.does
	_said(_asking("doctor", action)) == row.doctor
}

test_evidence_by_nurse[action] if {
	some row in _table(_usual.evidence)
	action := row.does
	_said(_asking("nurse", action)) == row.nurse
}

test_evidence_by_patient[action] if {
	some row in _table(_usual.evidence)
	action := row.does
	_said(_asking("patient", action)) == row.patient
}

test_evidence_by_security[action] if {
	some row in _table(_usual.evidence)
	action := row.does
	_said(_asking("security", action)) == row.security
}

test_evidence_by_auditor[action] if {
	some row in _table(_usual.evidence)
	action := row.does
	_said(_asking("auditor", action)) == row.auditor
}

test_evidence_by_machine[action] if {
	some row in _table(_usual.evidence)
	action := row.does
	_said(_asking("machine", action)) == row.machine
}

test_evidence_by_stranger[action] if {
	some row in _table(_usual.evidence)
	action := row.does
	_said(_asking("stranger", action)) == row.stranger
}

test_logging_in_by_doctor[action] if {
	some row in _table(_usual.logging_in)
	action := row.does
	_said(_asking("doctor", action)) == row.doctor
}

test_logging_in_by_nurse[action] if {
	some row in _table(_usual.logging_in)
	action := row.does
	_said(_asking("nurse", action)) == row.nurse
}

test_logging_in_by_patient[action] if {
	some row in _table(_usual.logging_in)
	action := row.does
	_said(_asking("patient", action)) == row.patient
}

test_logging_in_by_security[action] if {
	some row in _table(_usual.logging_in)
	action := row.does
	_said(_asking("security", action)) == row.security
}

test_logging_in_by_auditor[action] if {
	some row in _table(_usual.logging_in)
	action := row.does
	_said(_asking("auditor", action)) == row.auditor
}

test_logging_in_by_machine[action] if {
	some row in _table(_usual.logging_in)
	action := row.does
	_said(_asking("machine", action)) == row.machine
}

test_logging_in_by_stranger[action] if {
	some row in _table(_usual.logging_in)
	action := row.does
	_said(_asking("stranger", action)) == row.stranger
}
