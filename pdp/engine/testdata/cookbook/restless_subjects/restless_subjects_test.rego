package authz.rules.restless_subjects_test

import data.authz.golden_test as golden
import data.authz.rules.restless_subjects

_editing := golden.acting(golden.doctor, "service.edit")

test_usual_day_is_not_denied if restless_subjects.deny == set() with input as _editing

test_many_denials_stop_changes[denials] if {
	some denials in ["many", ""]
	restless_subjects.deny == {"restless"} with input as golden.with_value(_editing, "/context/signals/denials", denials)
}

test_reading_goes_on if {
	restless_subjects.deny == set() with input as golden.with_value(golden.doctor, "/context/signals/denials", "many")
}

test_log_in_page_stays_open if {
	restless_subjects.deny == set() with input as golden.with_value(golden.stranger, "/context/signals/denials", "many")
}

test_empty_input_is_silent if restless_subjects.deny == set() with input as {}
