package authz.ask_test

import data.authz.ask
import data.authz.golden_test as golden

test_right_and_reach_come_from_the_tables if {
	ask.right == "Patient Health overview" with input as golden.doctor
	ask.reach == "own" with input as golden.doctor
}

test_reading_changes_nothing if not ask.changes with input as golden.doctor

test_editing_changes if ask.changes with input as golden.acting(golden.doctor, "service.edit")

test_log_in_is_public if ask.public with input as golden.stranger

test_reading_a_patient_is_not_public if not ask.public with input as golden.doctor

test_nobody_has_the_role_anyone if {
	request := golden.with_value(golden.doctor, "/subject/properties/role", "anyone")
	not ask.reach with input as request
}

test_empty_input_is_undefined if {
	not ask.right with input as {}
	not ask.reach with input as {}
	not ask.public with input as {}
	not ask.changes with input as {}
}
