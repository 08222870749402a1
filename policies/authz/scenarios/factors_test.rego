package authz.scenarios_test

import data.authz.golden_test as golden
import data.authz.tables

# METADATA
# title: What becomes of it by the factor that was shown last
# description: |
#   Everything else is as usual. Each column is a step-up by one factor, but the first
#   and the last: there the factor was shown when the session began.
#     long ago         an app
#     mailed code      a code that a mailbox received
#     app              the code of an authenticator app
#     passkey          a key that signs for one origin alone
#     passkey at log-in  the same, when the session began
_factors := `
who      | does           | long ago         | mailed code      | app | passkey | passkey at log-in
doctor   | patient.read   | yes              | yes              | yes | yes     | yes
doctor   | service.edit   | step_up_required | yes              | yes | yes     | step_up_required
doctor   | factor.read    | yes              | yes              | yes | yes     | yes
doctor   | factor.add     | step_up_required | yes              | yes | yes     | step_up_required
doctor   | factor.confirm | yes              | yes              | yes | yes     | yes
doctor   | factor.remove  | step_up_required | step_up_required | yes | yes     | step_up_required
doctor   | device.forget  | step_up_required | yes              | yes | yes     | step_up_required
nurse    | factor.add     | step_up_required | yes              | yes | yes     | step_up_required
nurse    | factor.remove  | step_up_required | step_up_required | yes | yes     | step_up_required
patient  | factor.add     | step_up_required | yes              | yes | yes     | step_up_required
patient  | factor.remove  | step_up_required | step_up_required | yes | yes     | step_up_required
security | user.approve   | step_up_required | yes              | yes | yes     | step_up_required
auditor  | factor.remove  | step_up_required | step_up_required | yes | yes     | step_up_required
`

_shown_last(request, "long ago") := _not_elevated(request)

_shown_last(request, "mailed code") := golden.with_value(request, "/context/credential/amr", "pwd email")

_shown_last(request, "app") := request

_shown_last(request, "passkey") := golden.with_value(request, "/context/credential/amr", "pop mfa")

_shown_last(request, "passkey at log-in") := json.patch(_not_elevated(request), [
	{"op": "replace", "path": "/context/credential/acr", "value": tables.phishing_resistant_acr},
	{"op": "replace", "path": "/context/credential/amr", "value": "pop mfa"},
])

test_every_line_about_factors_is_a_row if count(_table(_factors)) == _rows(_factors)

test_factor_long_ago[name] if {
	some row in _table(_factors)
	name := sprintf("%s does %s", [row.who, row.does])
	_said(_shown_last(_asking(row.who, row.does), "long ago")) == row["long ago"]
}

test_factor_mailed_code[name] if {
	some row in _table(_factors)
	name := sprintf("%s does %s", [row.who, row.does])
	_said(_shown_last(_asking(row.who, row.does), "mailed code")) == row["mailed code"]
}

test_factor_app[name] if {
	some row in _table(_factors)
	name := sprintf("%s does %s", [row.who, row.does])
	_said(_shown_last(_asking(row.who, row.does), "app")) == row.app
}

test_factor_passkey[name] if {
	some row in _table(_factors)
	name := sprintf("%s does %s", [row.who, row.does])
	_said(_shown_last(_asking(row.who, row.does), "passkey")) == row.passkey
}

test_factor_passkey_at_log_in[name] if {
	some row in _table(_factors)
	name := sprintf("%s does %s", [row.who, row.does])
	_said(_shown_last(_asking(row.who, row.does), "passkey at log-in")) == row["passkey at log-in"]
}
