package authz.rules.own_record_test

import data.authz.golden_test as golden
import data.authz.rules.own_record

test_own_record_is_not_denied if own_record.deny == set() with data.authz.tables as golden.tables with input as golden.patient

test_another_record_is_denied if {
	request := golden.with_value(golden.patient, "/context/care/own", false)
	own_record.deny == {"not_your_record"} with data.authz.tables as golden.tables with input as request
}

test_doctor_is_not_judged_by_the_own_record if own_record.deny == set() with data.authz.tables as golden.tables with input as golden.doctor

test_missing_facts_are_denied if {
	request := json.remove(golden.patient, ["/context/care"])
	own_record.deny == {"not_your_record"} with data.authz.tables as golden.tables with input as request
}

test_empty_input_is_silent if own_record.deny == set() with data.authz.tables as golden.tables with input as {}
