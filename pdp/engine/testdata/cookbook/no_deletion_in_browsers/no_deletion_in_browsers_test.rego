package authz.rules.no_deletion_in_browsers_test

import data.authz.golden_test as golden
import data.authz.rules.no_deletion_in_browsers

_deleting := golden.acting(golden.doctor, "patient.delete")

test_token_in_a_header_is_not_denied if no_deletion_in_browsers.deny == set() with input as _deleting

test_another_way_is_denied[presented] if {
	some presented in ["cookie", ""]
	request := golden.with_value(_deleting, "/context/credential/presented", presented)
	no_deletion_in_browsers.deny == {"deletion_in_browser"} with input as request
}

test_reading_in_a_browser_is_not_denied if {
	request := golden.with_value(golden.doctor, "/context/credential/presented", "cookie")
	no_deletion_in_browsers.deny == set() with input as request
}

test_empty_input_is_silent if no_deletion_in_browsers.deny == set() with input as {}
