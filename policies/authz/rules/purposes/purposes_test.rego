package authz.rules.purposes_test

import data.authz.golden_test as golden
import data.authz.rules.purposes

_for(request, purpose) := golden.claiming(request, {"purpose": purpose})

test_fitting_purpose_is_not_denied[name] if {
	some name, request in {
		"treatment": _for(golden.doctor, "treatment"),
		"emergency": _for(golden.doctor, "emergency"),
		"payment": _for(golden.acting(golden.patient, "bill.list"), "payment"),
	}
	purposes.deny == set() with data.authz.tables as golden.tables with input as request
}

test_other_purpose_is_denied[name] if {
	some name, request in {
		"payment": _for(golden.doctor, "payment"),
		"in other words": _for(golden.doctor, "other"),
		"a right without a row": _for(golden.acting(golden.doctor, "session.list"), "treatment"),
		"an action without a right": _for(golden.acting(golden.doctor, "no.such.action"), "treatment"),
	}
	purposes.deny == {"purpose_unfit"} with data.authz.tables as golden.tables with input as request
}

test_no_purpose_is_not_judged[name] if {
	some name, request in {
		"no caller": golden.doctor,
		"no claim": golden.claiming(golden.doctor, {}),
		"another claim": golden.claiming(golden.doctor, {"elevation": "fresh"}),
	}
	purposes.deny == set() with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_silent if purposes.deny == set() with data.authz.tables as golden.tables with input as {}
