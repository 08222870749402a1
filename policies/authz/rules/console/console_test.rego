package authz.rules.console_test

import data.authz
import data.authz.golden_test as golden
import data.authz.rules.console

_actions := {name | some name, row in golden.tables.actions; row.right == "Console"}

_opening := golden.acting(golden.security, "console.read")

_elevated := json.patch(_opening, [
	{"op": "replace", "path": "/context/credential/acr", "value": golden.tables.step_up_acr},
	{"op": "replace", "path": "/context/credential/elevation", "value": "fresh"},
])

test_security_opens_it_on_site_after_a_fresh_factor if {
	authz.answer.decision with data.authz.tables as golden.tables with input as _elevated
	authz.answer.context.reasons == {"step_up_required"} with data.authz.tables as golden.tables with input as _opening
}

test_nobody_else_opens_it[name] if {
	some name, request in {"doctor": golden.doctor, "nurse": golden.nurse, "patient": golden.patient}
	some action in _actions
	"role_forbidden" in authz.answer.context.reasons with data.authz.tables as golden.tables with input as golden.acting(request, action)
}

test_elsewhere_is_denied[name] if {
	some name, case in {
		"off-site": {"path": "/context/location/place", "value": "off_site"},
		"nowhere": {"path": "/context/location/place", "value": ""},
		"location unknown": {"path": "/context/location/state", "value": "unknown"},
	}
	console.deny == {"console_off_site"} with data.authz.tables as golden.tables with input as golden.with_value(_elevated, case.path, case.value)
}

test_on_site_is_not_denied[action] if {
	some action in _actions
	console.deny == set() with data.authz.tables as golden.tables with input as golden.acting(_elevated, action)
}

test_other_rights_are_not_judged if {
	console.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(golden.doctor, "/context/location/place", "off_site")
}

test_empty_input_is_silent if console.deny == set() with data.authz.tables as golden.tables with input as {}
