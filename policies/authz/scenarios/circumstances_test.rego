package authz.scenarios_test

import data.authz.golden_test as golden
import data.authz.tables

# METADATA
# title: What becomes of it in other circumstances
# description: |
#   Each column changes one thing of the usual circumstances.
#     not theirs       another doctor's patient, another ward, another person's record
#     no fresh factor  the second factor was proved when the session began
#     stale facts      no information point has said anything for some seconds
#     no signals       nothing is known of anybody's behaviour
_circumstances := `
who      | does             | off-site                         | at night                         | not theirs                       | no fresh factor  | off-site, no fresh factor          | other device   | stale facts                                      | no signals                       | banned
doctor   | patient.read     | yes                              | yes                              | not_your_patient                 | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
doctor   | patient.list     | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
doctor   | service.add      | yes                              | yes                              | not_your_patient                 | yes              | step_up_required                   | device_changed | not now                                          | yes                              | subject_banned
doctor   | service.edit     | yes                              | yes                              | not_your_patient                 | step_up_required | step_up_required                   | device_changed | not now                                          | not now                          | subject_banned
doctor   | service.delete   | yes                              | yes                              | not_your_patient                 | step_up_required | step_up_required                   | device_changed | not now                                          | not now                          | subject_banned
doctor   | patient.add      | yes                              | yes                              | yes                              | yes              | step_up_required                   | device_changed | not now                                          | yes                              | subject_banned
doctor   | model.predict    | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
doctor   | session.end      | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
nurse    | patient.read     | yes                              | yes                              | not_your_department              | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
nurse    | service.list     | yes                              | yes                              | not_your_department              | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
nurse    | service.complete | yes                              | yes                              | not_your_department              | yes              | step_up_required                   | device_changed | not now                                          | yes                              | subject_banned
nurse    | model.predict    | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
nurse    | pass.propose     | yes                              | yes                              | yes                              | step_up_required | step_up_required                   | device_changed | not now                                          | not now                          | subject_banned
patient  | patient.read     | yes                              | yes                              | not_your_record                  | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
patient  | service.list     | yes                              | yes                              | not_your_record                  | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
patient  | bill.list        | yes                              | yes                              | not_your_record                  | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
patient  | factor.add       | yes                              | yes                              | yes                              | step_up_required | step_up_required                   | device_changed | not now                                          | not now                          | subject_banned
patient  | device.forget    | yes                              | yes                              | yes                              | step_up_required | step_up_required                   | device_changed | not now                                          | yes                              | subject_banned
patient  | session.end      | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
security | user.list        | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
security | user.approve     | yes                              | yes                              | yes                              | step_up_required | step_up_required                   | device_changed | not now                                          | not now                          | subject_banned
security | user.ban         | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | not now                          | subject_banned
security | patient.restore  | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | not now                          | subject_banned
security | console.read     | console_off_site                 | yes                              | yes                              | step_up_required | console_off_site, step_up_required | device_changed | console_off_site, not now                        | yes                              | subject_banned
security | audit.read       | yes                              | yes                              | yes                              | step_up_required | step_up_required                   | device_changed | not now                                          | yes                              | subject_banned
auditor  | audit.read       | yes                              | yes                              | yes                              | step_up_required | step_up_required                   | device_changed | not now                                          | yes                              | subject_banned
auditor  | policy.read      | yes                              | yes                              | yes                              | step_up_required | step_up_required                   | device_changed | not now                                          | yes                              | subject_banned
auditor  | session.end      | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | yes                              | subject_banned
machine  | user.approve     | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | not now                          | subject_banned
machine  | user.link        | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | not now                          | subject_banned
machine  | user.disable     | step_up_required                 | step_up_required                 | step_up_required                 | step_up_required | step_up_required                   | device_changed | not now, step_up_required                        | not now, step_up_required        | step_up_required, subject_banned
machine  | signal.report    | yes                              | yes                              | yes                              | yes              | yes                                | device_changed | not now                                          | not now                          | subject_banned
stranger | log_in.attempt   | yes                              | yes                              | yes                              | -                | -                                  | -              | yes                                              | yes                              | -
stranger | session.create   | account_inactive, factor_missing | account_inactive, factor_missing | account_inactive, factor_missing | -                | -                                  | -              | account_inactive, factor_missing, not now        | account_inactive, factor_missing | -
stranger | account.sign_up  | yes                              | yes                              | yes                              | -                | -                                  | -              | yes                                              | yes                              | -
stranger | key.list         | yes                              | yes                              | yes                              | -                | -                                  | -              | yes                                              | yes                              | -
stranger | page.show        | yes                              | yes                              | yes                              | -                | -                                  | -              | yes                                              | yes                              | -
stranger | session.redeem   | yes                              | yes                              | yes                              | -                | -                                  | -              | yes                                              | yes                              | -
stranger | patient.read     | session_missing                  | session_missing                  | session_missing                  | -                | -                                  | -              | session_missing                                  | session_missing                  | -
`

_in(request, "off-site") := _off_site(request)

_in(request, "at night") := golden.with_value(request, "/context/time/period", "night")

_in(request, "not theirs") := json.patch(request, [
	{"op": "replace", "path": "/context/care/treats", "value": false},
	{"op": "replace", "path": "/context/care/same_department", "value": false},
	{"op": "replace", "path": "/context/care/own", "value": false},
])

_in(request, "no fresh factor") := _not_elevated(request)

_in(request, "off-site, no fresh factor") := _off_site(_not_elevated(request))

_in(request, "other device") := golden.with_value(request, "/context/device/match", "changed")

_in(request, "no signals") := golden.with_value(request, "/context/signals", {
	"state": "unknown",
	"requests": "",
	"denials": "",
	"failed_log_ins": "",
	"patients": "",
	"predictions": "",
})

_in(request, "stale facts") := json.patch(request, array.concat(
	[{"op": "replace", "path": "/context/revocation/stale_for", "value": "short"}],
	[change |
		some source, _ in tables.freshness
		request.context[source].state == "fresh"
		change := {"op": "replace", "path": sprintf("/context/%s/state", [source]), "value": "stale"}
	],
))

_in(request, "banned") := golden.with_value(request, "/context/revocation/subject", "banned")

_off_site(request) := golden.with_value(request, "/context/location/place", "off_site")

_not_elevated(request) := json.patch(request, [
	{"op": "replace", "path": "/context/credential/acr", "value": "urn:wardgate:acr:two-factor"},
	{"op": "replace", "path": "/context/credential/elevation", "value": "none"},
])

# _told are the cells of one column that say what is answered.
_told(person, circumstance) := {row.does |
	some row in _table(_circumstances)
	row.who == person
	_said(_in(_asking(person, row.does), circumstance)) == row[circumstance]
}

test_every_role_stands_in_the_circumstances if {
	{row.who | some row in _table(_circumstances)} == object.keys(_people)
}

test_doctor_off_site[action] if {
	told := _told("doctor", "off-site")
	some row in _table(_circumstances)
	row.who == "doctor"
	action := row.does
	action in told
}

test_doctor_at_night[action] if {
	told := _told("doctor", "at night")
	some row in _table(_circumstances)
	row.who == "doctor"
	action := row.does
	action in told
}

test_doctor_of_others[action] if {
	told := _told("doctor", "not theirs")
	some row in _table(_circumstances)
	row.who == "doctor"
	action := row.does
	action in told
}

test_doctor_without_a_fresh_factor[action] if {
	told := _told("doctor", "no fresh factor")
	some row in _table(_circumstances)
	row.who == "doctor"
	action := row.does
	action in told
}

test_doctor_off_site_without_a_fresh_factor[action] if {
	told := _told("doctor", "off-site, no fresh factor")
	some row in _table(_circumstances)
	row.who == "doctor"
	action := row.does
	action in told
}

test_doctor_on_another_device[action] if {
	told := _told("doctor", "other device")
	some row in _table(_circumstances)
	row.who == "doctor"
	action := row.does
	action in told
}

test_doctor_on_stale_facts[action] if {
	told := _told("doctor", "stale facts")
	some row in _table(_circumstances)
	row.who == "doctor"
	action := row.does
	action in told
}

test_doctor_without_signals[action] if {
	told := _told("doctor", "no signals")
	some row in _table(_circumstances)
	row.who == "doctor"
	action := row.does
	action in told
}

test_doctor_while_banned[action] if {
	told := _told("doctor", "banned")
	some row in _table(_circumstances)
	row.who == "doctor"
	action := row.does
	action in told
}

test_nurse_off_site[action] if {
	told := _told("nurse", "off-site")
	some row in _table(_circumstances)
	row.who == "nurse"
	action := row.does
	action in told
}

test_nurse_at_night[action] if {
	told := _told("nurse", "at night")
	some row in _table(_circumstances)
	row.who == "nurse"
	action := row.does
	action in told
}

test_nurse_of_others[action] if {
	told := _told("nurse", "not theirs")
	some row in _table(_circumstances)
	row.who == "nurse"
	action := row.does
	action in told
}

test_nurse_without_a_fresh_factor[action] if {
	told := _told("nurse", "no fresh factor")
	some row in _table(_circumstances)
	row.who == "nurse"
	action := row.does
	action in told
}

test_nurse_off_site_without_a_fresh_factor[action] if {
	told := _told("nurse", "off-site, no fresh factor")
	some row in _table(_circumstances)
	row.who == "nurse"
	action := row.does
	action in told
}

test_nurse_on_another_device[action] if {
	told := _told("nurse", "other device")
	some row in _table(_circumstances)
	row.who == "nurse"
	action := row.does
	action in told
}

test_nurse_on_stale_facts[action] if {
	told := _told("nurse", "stale facts")
	some row in _table(_circumstances)
	row.who == "nurse"
	action := row.does
	action in told
}

test_nurse_without_signals[action] if {
	told := _told("nurse", "no signals")
	some row in _table(_circumstances)
	row.who == "nurse"
	action := row.does
	action in told
}

test_nurse_while_banned[action] if {
	told := _told("nurse", "banned")
	some row in _table(_circumstances)
	row.who == "nurse"
	action := row.does
	action in told
}

test_patient_off_site[action] if {
	told := _told("patient", "off-site")
	some row in _table(_circumstances)
	row.who == "patient"
	action := row.does
	action in told
}

test_patient_at_night[action] if {
	told := _told("patient", "at night")
	some row in _table(_circumstances)
	row.who == "patient"
	action := row.does
	action in told
}

test_patient_of_others[action] if {
	told := _told("patient", "not theirs")
	some row in _table(_circumstances)
	row.who == "patient"
	action := row.does
	action in told
}

test_patient_without_a_fresh_factor[action] if {
	told := _told("patient", "no fresh factor")
	some row in _table(_circumstances)
	row.who == "patient"
	action := row.does
	action in told
}

test_patient_off_site_without_a_fresh_factor[action] if {
	told := _told("patient", "off-site, no fresh factor")
	some row in _table(_circumstances)
	row.who == "patient"
	action := row.does
	action in told
}

test_patient_on_another_device[action] if {
	told := _told("patient", "other device")
	some row in _table(_circumstances)
	row.who == "patient"
	action := row.does
	action in told
}

test_patient_on_stale_facts[action] if {
	told := _told("patient", "stale facts")
	some row in _table(_circumstances)
	row.who == "patient"
	action := row.does
	action in told
}

test_patient_without_signals[action] if {
	told := _told("patient", "no signals")
	some row in _table(_circumstances)
	row.who == "patient"
	action := row.does
	action in told
}

test_patient_while_banned[action] if {
	told := _told("patient", "banned")
	some row in _table(_circumstances)
	row.who == "patient"
	action := row.does
	action in told
}

test_security_off_site[action] if {
	told := _told("security", "off-site")
	some row in _table(_circumstances)
	row.who == "security"
	action := row.does
	action in told
}

test_security_at_night[action] if {
	told := _told("security", "at night")
	some row in _table(_circumstances)
	row.who == "security"
	action := row.does
	action in told
}

test_security_of_others[action] if {
	told := _told("security", "not theirs")
	some row in _table(_circumstances)
	row.who == "security"
	action := row.does
	action in told
}

test_security_without_a_fresh_factor[action] if {
	told := _told("security", "no fresh factor")
	some row in _table(_circumstances)
	row.who == "security"
	action := row.does
	action in told
}

test_security_off_site_without_a_fresh_factor[action] if {
	told := _told("security", "off-site, no fresh factor")
	some row in _table(_circumstances)
	row.who == "security"
	action := row.does
	action in told
}

test_security_on_another_device[action] if {
	told := _told("security", "other device")
	some row in _table(_circumstances)
	row.who == "security"
	action := row.does
	action in told
}

test_security_on_stale_facts[action] if {
	told := _told("security", "stale facts")
	some row in _table(_circumstances)
	row.who == "security"
	action := row.does
	action in told
}

test_security_without_signals[action] if {
	told := _told("security", "no signals")
	some row in _table(_circumstances)
	row.who == "security"
	action := row.does
	action in told
}

test_security_while_banned[action] if {
	told := _told("security", "banned")
	some row in _table(_circumstances)
	row.who == "security"
	action := row.does
	action in told
}

test_auditor_off_site[action] if {
	told := _told("auditor", "off-site")
	some row in _table(_circumstances)
	row.who == "auditor"
	action := row.does
	action in told
}

test_auditor_at_night[action] if {
	told := _told("auditor", "at night")
	some row in _table(_circumstances)
	row.who == "auditor"
	action := row.does
	action in told
}

test_auditor_of_others[action] if {
	told := _told("auditor", "not theirs")
	some row in _table(_circumstances)
	row.who == "auditor"
	action := row.does
	action in told
}

test_auditor_without_a_fresh_factor[action] if {
	told := _told("auditor", "no fresh factor")
	some row in _table(_circumstances)
	row.who == "auditor"
	action := row.does
	action in told
}

test_auditor_off_site_without_a_fresh_factor[action] if {
	told := _told("auditor", "off-site, no fresh factor")
	some row in _table(_circumstances)
	row.who == "auditor"
	action := row.does
	action in told
}

test_auditor_on_another_device[action] if {
	told := _told("auditor", "other device")
	some row in _table(_circumstances)
	row.who == "auditor"
	action := row.does
	action in told
}

test_auditor_on_stale_facts[action] if {
	told := _told("auditor", "stale facts")
	some row in _table(_circumstances)
	row.who == "auditor"
	action := row.does
	action in told
}

test_auditor_without_signals[action] if {
	told := _told("auditor", "no signals")
	some row in _table(_circumstances)
	row.who == "auditor"
	action := row.does
	action in told
}

test_auditor_while_banned[action] if {
	told := _told("auditor", "banned")
	some row in _table(_circumstances)
	row.who == "auditor"
	action := row.does
	action in told
}

test_machine_off_site[action] if {
	told := _told("machine", "off-site")
	some row in _table(_circumstances)
	row.who == "machine"
	action := row.does
	action in told
}

test_machine_at_night[action] if {
	told := _told("machine", "at night")
	some row in _table(_circumstances)
	row.who == "machine"
	action := row.does
	action in told
}

test_machine_of_others[action] if {
	told := _told("machine", "not theirs")
	some row in _table(_circumstances)
	row.who == "machine"
	action := row.does
	action in told
}

test_machine_without_a_fresh_factor[action] if {
	told := _told("machine", "no fresh factor")
	some row in _table(_circumstances)
	row.who == "machine"
	action := row.does
	action in told
}

test_machine_off_site_without_a_fresh_factor[action] if {
	told := _told("machine", "off-site, no fresh factor")
	some row in _table(_circumstances)
	row.who == "machine"
	action := row.does
	action in told
}

test_machine_on_another_device[action] if {
	told := _told("machine", "other device")
	some row in _table(_circumstances)
	row.who == "machine"
	action := row.does
	action in told
}

test_machine_on_stale_facts[action] if {
	told := _told("machine", "stale facts")
	some row in _table(_circumstances)
	row.who == "machine"
	action := row.does
	action in told
}

test_machine_without_signals[action] if {
	told := _told("machine", "no signals")
	some row in _table(_circumstances)
	row.who == "machine"
	action := row.does
	action in told
}

test_machine_while_banned[action] if {
	told := _told("machine", "banned")
	some row in _table(_circumstances)
	row.who == "machine"
	action := row.does
	action in told
}

test_stranger_off_site[action] if {
	told := _told("stranger", "off-site")
	some row in _table(_circumstances)
	row.who == "stranger"
	action := row.does
	action in told
}

test_stranger_at_night[action] if {
	told := _told("stranger", "at night")
	some row in _table(_circumstances)
	row.who == "stranger"
	action := row.does
	action in told
}

test_stranger_of_others[action] if {
	told := _told("stranger", "not theirs")
	some row in _table(_circumstances)
	row.who == "stranger"
	action := row.does
	action in told
}

test_stranger_without_a_fresh_factor[action] if {
	told := _told("stranger", "no fresh factor")
	some row in _table(_circumstances)
	row.who == "stranger"
	action := row.does
	action in told
}

test_stranger_off_site_without_a_fresh_factor[action] if {
	told := _told("stranger", "off-site, no fresh factor")
	some row in _table(_circumstances)
	row.who == "stranger"
	action := row.does
	action in told
}

test_stranger_on_another_device[action] if {
	told := _told("stranger", "other device")
	some row in _table(_circumstances)
	row.who == "stranger"
	action := row.does
	action in told
}

test_stranger_on_stale_facts[action] if {
	told := _told("stranger", "stale facts")
	some row in _table(_circumstances)
	row.who == "stranger"
	action := row.does
	action in told
}

test_stranger_without_signals[action] if {
	told := _told("stranger", "no signals")
	some row in _table(_circumstances)
	row.who == "stranger"
	action := row.does
	action in told
}

test_stranger_while_banned[action] if {
	told := _told("stranger", "banned")
	some row in _table(_circumstances)
	row.who == "stranger"
	action := row.does
	action in told
}
