package authz.rules.request_rate_test

import data.authz.golden_test as golden
import data.authz.rules.request_rate

_many(request) := golden.with_value(request, "/context/signals/requests", "many")

test_usual_rate_is_not_denied if request_rate.deny == set() with input as golden.doctor

test_flood_is_denied[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"patient": golden.patient,
		"stranger off-site": golden.with_value(golden.stranger, "/context/location/place", "off_site"),
		"stranger from nowhere": golden.with_value(golden.stranger, "/context/location/place", ""),
	}
	request_rate.deny == {"too_many_requests"} with input as _many(request)
}

test_strangers_who_share_an_address_are_not_denied if {
	request_rate.deny == set() with input as _many(golden.stranger)
}

test_flood_ends_no_session_at_its_refresh if {
	request_rate.deny == set() with input as _many(golden.acting(golden.doctor, "session.continue"))
}

test_flood_of_predictions_is_denied if {
	request := golden.with_value(golden.acting(golden.doctor, "model.predict"), "/context/signals/predictions", "many")
	request_rate.deny == {"too_many_requests"} with input as request
}

test_many_predictions_do_not_stop_reading if {
	request_rate.deny == set() with input as golden.with_value(golden.doctor, "/context/signals/predictions", "many")
}

test_missing_signal_is_left_to_its_own_rule if {
	request_rate.deny == set() with input as golden.with_value(golden.doctor, "/context/signals/requests", "")
}

test_empty_input_is_silent if request_rate.deny == set() with input as {}
