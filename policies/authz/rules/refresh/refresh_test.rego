package authz.rules.refresh_test

import data.authz.golden_test as golden
import data.authz.rules.refresh

_continuing := golden.acting(golden.doctor, "session.continue")

test_session_goes_on if refresh.deny == set() with data.authz.tables as golden.tables with input as _continuing

test_denials[name] if {
	some name, case in {
		"account disabled": {"path": "/subject/properties/account", "value": "disabled", "want": {"account_inactive"}},
		"identity silent": {"path": "/context/identity/state", "value": "unknown", "want": {"identity_unknown"}},
		"list stale": {"path": "/context/revocation/state", "value": "stale", "want": {"revocation_unknown"}},
		"banned": {"path": "/context/revocation/subject", "value": "banned", "want": {"subject_banned"}},
		"moved": {"path": "/context/location/drift", "value": "moved", "want": {"location_drifted"}},
	}
	refresh.deny == case.want with data.authz.tables as golden.tables with input as golden.with_value(_continuing, case.path, case.value)
}

# A phone that loses its satellites ends no session, wherever it is.
test_claimed_place_ends_nothing_and_tells_people[word] if {
	some word in ["moved", "lost"]
	some place in ["on_site", "off_site", ""]
	elsewhere := golden.with_value(_continuing, "/context/location/place", place)
	request := golden.with_value(elsewhere, "/context/location/claimed_drift", word)
	refresh.deny == set() with data.authz.tables as golden.tables with input as request
	{[duty.id, duty.properties.reason] | some duty in refresh.oblige} == {["alert", "claimed_drift"]} with data.authz.tables as golden.tables with input as request
}

test_nothing_is_told_of_who_stays[word] if {
	some word in ["none", ""]
	refresh.oblige == set() with data.authz.tables as golden.tables with input as golden.with_value(_continuing, "/context/location/claimed_drift", word)
}

test_nothing_is_told_of_another_action if {
	refresh.oblige == set() with data.authz.tables as golden.tables with input as golden.with_value(golden.doctor, "/context/location/claimed_drift", "moved")
}

test_hidden_country_is_denied_off_site if {
	off_site := golden.with_value(_continuing, "/context/location/place", "off_site")
	hidden := golden.with_value(off_site, "/context/location/drift", "hidden")
	refresh.deny == {"location_drifted"} with data.authz.tables as golden.tables with input as hidden
}

test_hidden_country_is_no_reason_on_site if {
	refresh.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(_continuing, "/context/location/drift", "hidden")
}

test_bar_on_log_ins_ends_no_session if {
	refresh.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(_continuing, "/context/revocation/log_in", "barred")
}

test_other_actions_are_not_judged if {
	refresh.deny == set() with data.authz.tables as golden.tables with input as golden.with_value(golden.doctor, "/context/location/drift", "moved")
}

test_empty_input_is_silent if refresh.deny == set() with data.authz.tables as golden.tables with input as {}
