package authz.rules.signals_test

import data.authz.golden_test as golden
import data.authz.rules.signals

_changing := golden.acting(golden.doctor, "service.edit")

test_change_with_signals_is_not_denied if signals.deny == set() with data.authz.tables as golden.tables with input as _changing

test_change_without_signals_is_denied[state] if {
	some state in ["unknown", "stale"]
	request := golden.with_value(_changing, "/context/signals/state", state)
	signals.deny == {"signals_unknown"} with data.authz.tables as golden.tables with input as request
}

test_treatment_goes_on_without_signals[name] if {
	some name, request in {
		"adding a patient": golden.acting(golden.doctor, "patient.add"),
		"adding a service": golden.acting(golden.doctor, "service.add"),
		"completing": golden.acting(golden.nurse, "service.complete"),
		"stepping up": golden.acting(golden.doctor, "session.elevate"),
		"leaving": golden.acting(golden.nurse, "session.end"),
		"editing in an emergency": golden.claiming(golden.acting(golden.doctor, "service.edit"), {"purpose": "emergency"}),
	}
	some state in ["unknown", "stale"]
	signals.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(request, "/context/signals/state", state)
}

test_other_changes_wait_for_signals[name] if {
	some name, request in {
		"editing": golden.acting(golden.doctor, "service.edit"),
		"deleting": golden.acting(golden.doctor, "patient.delete"),
		"approving": golden.acting(golden.security, "user.approve"),
		"editing for a treatment": golden.claiming(golden.acting(golden.doctor, "service.edit"), {"purpose": "treatment"}),
		"deleting in an emergency": golden.claiming(golden.acting(golden.doctor, "patient.delete"), {"purpose": "emergency"}),
	}
	some state in ["unknown", "stale"]
	signals.deny == {"signals_unknown"} with data.authz.tables as golden.tables with input as golden.with_value(request, "/context/signals/state", state)
}

test_reading_without_signals_goes_on[state] if {
	some state in ["unknown", "stale"]
	request := golden.with_value(golden.doctor, "/context/signals/state", state)
	signals.deny == set() with data.authz.tables as golden.tables with input as request
}

test_unknown_action_without_signals_is_denied if {
	request := golden.with_value(golden.acting(golden.doctor, "x"), "/context/signals/state", "unknown")
	signals.deny == {"signals_unknown"} with data.authz.tables as golden.tables with input as request
}

test_public_action_is_not_denied if {
	request := golden.with_value(golden.stranger, "/context/signals/state", "unknown")
	signals.deny == set() with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_denied if signals.deny == {"signals_unknown"} with data.authz.tables as golden.tables with input as {}
