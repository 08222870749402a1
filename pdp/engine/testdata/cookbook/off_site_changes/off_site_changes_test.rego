package authz.rules.off_site_changes_test

import data.authz.golden_test as golden
import data.authz.rules.off_site_changes

_editing := golden.acting(golden.doctor, "service.edit")

test_change_on_site_is_not_denied if off_site_changes.deny == set() with input as _editing

test_change_off_site_is_denied[action] if {
	some action in ["service.add", "service.edit", "service.delete"]
	request := golden.with_value(golden.acting(golden.doctor, action), "/context/location/place", "off_site")
	off_site_changes.deny == {"off_site_change"} with input as request
}

test_reading_off_site_is_not_denied if {
	request := golden.with_value(golden.doctor, "/context/location/place", "off_site")
	off_site_changes.deny == set() with input as request
}

test_unknown_place_is_denied if {
	off_site_changes.deny == {"off_site_change"} with input as golden.with_value(_editing, "/context/location/place", "")
}

test_empty_input_is_silent if off_site_changes.deny == set() with input as {}
