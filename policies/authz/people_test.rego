# METADATA
# title: Sign-up, a forgotten password and second factors, whole
package authz.people_test

import data.authz
import data.authz.golden_test as golden

test_stranger_may_sign_up_and_replace_a_password[action] if {
	some action in ["account.sign_up", "account.verify", "account.forgot", "account.reset"]
	authz.answer.decision with data.authz.tables as golden.tables with input as golden.acting(golden.stranger, action)
}

test_stranger_has_no_second_factor_to_change[action] if {
	some action in ["factor.add", "factor.confirm", "factor.remove"]
	not authz.answer.decision with data.authz.tables as golden.tables with input as golden.acting(golden.stranger, action)
}

test_second_factor_changes_after_a_fresh_one_only[action] if {
	some action in ["factor.add", "factor.remove"]
	request := golden.acting(golden.patient, action)
	authz.answer.context.reasons == {"step_up_required"} with data.authz.tables as golden.tables with input as request
	authz.answer.decision with data.authz.tables as golden.tables with input as _elevated(request)
}

test_offered_app_is_confirmed_within_the_session if {
	authz.answer.decision with data.authz.tables as golden.tables with input as golden.acting(golden.nurse, "factor.confirm")
}

test_pending_account_confirms_nothing if {
	request := golden.acting(golden.nurse, "factor.confirm")
	pending := golden.with_value(request, "/subject/properties/account", "pending")
	not authz.answer.decision with data.authz.tables as golden.tables with input as pending
}

_elevated(request) := json.patch(request, [
	{"op": "replace", "path": "/context/credential/acr", "value": golden.tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])
