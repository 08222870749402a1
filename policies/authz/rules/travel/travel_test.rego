package authz.rules.travel_test

import data.authz.golden_test as golden
import data.authz.rules.travel

_far := golden.with_value(golden.acting(golden.doctor, "session.create"), "/context/location/travel", "impossible")

test_impossible_travel_is_denied[familiar] if {
	some familiar in ["none", "network"]
	travel.deny == {"impossible_travel"} with data.authz.tables as golden.tables with input as golden.with_value(_far, "/context/log_in/familiar", familiar)
}

test_known_device_may_be_elsewhere if {
	travel.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(_far, "/context/log_in/familiar", "device")
}

test_possible_travel_is_not_denied[word] if {
	some word in ["possible", ""]
	travel.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(_far, "/context/location/travel", word)
}

test_session_is_not_judged_by_travel if {
	travel.deny == set() with data.authz.tables as golden.tables with input as golden.acting(_far, "patient.read")
}

_claimed := golden.with_value(golden.acting(golden.doctor, "session.create"), "/context/location/claimed_travel", "impossible")

test_claimed_travel_denies_nothing_and_tells_people[familiar] if {
	some familiar in ["none", "network"]
	request := golden.with_value(_claimed, "/context/log_in/familiar", familiar)
	travel.deny == set() with data.authz.tables as golden.tables with input as request
	{[duty.id, duty.properties.reason] | some duty in travel.oblige} == {["alert", "claimed_travel"]} with data.authz.tables as golden.tables with input as request
}

test_nothing_is_told_of_a_known_device if {
	travel.oblige == set() with data.authz.tables as golden.tables with input as golden.with_value(_claimed, "/context/log_in/familiar", "device")
}

test_nothing_is_told_of_possible_travel[word] if {
	some word in ["possible", ""]
	travel.oblige == set() with data.authz.tables as golden.tables with input as golden.with_value(_claimed, "/context/location/claimed_travel", word)
}

test_nothing_is_told_of_a_session if {
	travel.oblige == set() with data.authz.tables as golden.tables with input as golden.acting(_claimed, "patient.read")
}

test_empty_input_is_silent if travel.deny == set() with data.authz.tables as golden.tables with input as {}
