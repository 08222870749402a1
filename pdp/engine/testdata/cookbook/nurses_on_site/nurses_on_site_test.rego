package authz.rules.nurses_on_site_test

import data.authz.golden_test as golden
import data.authz.rules.nurses_on_site

test_nurse_on_site_is_not_denied if nurses_on_site.deny == set() with input as golden.nurse

test_nurse_elsewhere_is_denied[place] if {
	some place in ["off_site", ""]
	request := golden.with_value(golden.nurse, "/context/location/place", place)
	nurses_on_site.deny == {"nurse_off_site"} with input as request
}

test_doctor_off_site_is_not_denied if {
	request := golden.with_value(golden.doctor, "/context/location/place", "off_site")
	nurses_on_site.deny == set() with input as request
}

test_empty_input_is_silent if nurses_on_site.deny == set() with input as {}
