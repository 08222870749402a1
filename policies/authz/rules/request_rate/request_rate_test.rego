package authz.rules.request_rate_test

import data.authz.golden_test as golden
import data.authz.rules.request_rate

_many(request) := golden.with_value(request, "/context/signals/requests", "many")

test_usual_rate_is_not_denied if request_rate.deny == set() with data.authz.tables as golden.tables with input as golden.doctor

test_flood_is_denied[name] if {
	some name, request in {
		"stranger off-site": golden.with_value(golden.stranger, "/context/location/place", "off_site"),
		"stranger from nowhere": golden.with_value(golden.stranger, "/context/location/place", ""),
	}
	request_rate.deny == {"too_many_requests"} with data.authz.tables as golden.tables with input as _many(request)
}

# Who has a session has a quota of each application at the enforcement point.
test_rate_of_a_subject_denies_nothing[name] if {
	some name, request in {
		"doctor": golden.doctor,
		"patient": golden.patient,
		"off-site": golden.with_value(golden.doctor, "/context/location/place", "off_site"),
	}
	request_rate.deny == set() with data.authz.tables as golden.tables with input as _many(request)
}

test_strangers_who_share_an_address_are_not_denied if {
	request_rate.deny == set() with data.authz.tables as golden.tables with input as _many(golden.stranger)
}

test_flood_stops_no_refresh if {
	off_site := golden.with_value(golden.stranger, "/context/location/place", "off_site")
	request_rate.deny == set() with data.authz.tables as golden.tables with input as _many(golden.acting(off_site, "session.continue"))
}

test_flood_of_predictions_is_denied if {
	request := golden.with_value(golden.acting(golden.doctor, "model.predict"), "/context/signals/predictions", "many")
	request_rate.deny == {"too_many_requests"} with data.authz.tables as golden.tables with input as request
}

test_many_predictions_do_not_stop_reading if {
	request_rate.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(golden.doctor, "/context/signals/predictions", "many")
}

test_missing_signal_is_left_to_its_own_rule if {
	request_rate.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(golden.doctor, "/context/signals/requests", "")
}

test_empty_input_is_silent if request_rate.deny == set() with data.authz.tables as golden.tables with input as {}
