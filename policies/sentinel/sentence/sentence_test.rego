package sentinel.sentence_test

import data.sentinel.calm_test as calm
import data.sentinel.sentence

_table := {
	"harsh": {"do": "ban", "seconds": 60, "tell": ["mail"], "alert_only": false},
	"mild": {"do": "bar", "seconds": 60, "tell": [], "alert_only": true},
}

_by_machine := {
	"staff": {"step_up", "alert"},
	"officer": {"step_up", "alert"},
	"auditor": {"step_up", "alert"},
	"patient": {"ban", "step_up", "alert"},
	"machine": {"ban", "alert"},
	"address": {"bar", "alert"},
}

test_verdict_does_what_its_row_says if {
	sentence.named.harsh == {"id": "harsh", "do": "ban", "seconds": 60, "tell": ["mail"]} with input as calm.subject
		with data.sentinel.tables.by_machine as _by_machine
		with data.sentinel.tables.verdicts as _table
}

test_verdict_can_be_turned_to_telling if {
	sentence.named.mild == {"id": "mild", "do": "alert", "seconds": 60, "tell": []} with input as calm.subject
		with data.sentinel.tables.by_machine as _by_machine
		with data.sentinel.tables.verdicts as _table
}

test_own_networks_are_never_barred if {
	here := calm.with_value(calm.address, "/place", "on_site")
	every _, one in sentence.named {
		one.do == "alert"
	} with input as here
}

_ordered(kind) := done if {
	done := sentence.named.harsh.do with input as calm.with_value(calm.subject, "/kind", kind)
		with data.sentinel.tables.verdicts as _table
}

test_a_ban_by_machine_is_for_the_kinds_that_the_table_lists[kind] if {
	some kind, want in {
		"staff": "step_up",
		"officer": "step_up",
		"auditor": "step_up",
		"patient": "ban",
		"machine": "ban",
		"": "step_up",
		"visitor": "alert",
	}
	_ordered(kind) == want with data.sentinel.tables.by_machine as _by_machine
}

test_a_kind_that_cannot_step_up_is_only_told_of if {
	"alert" == _ordered("staff") with data.sentinel.tables.by_machine as {"staff": {"alert"}}
}

test_an_address_is_barred_and_never_banned if {
	rows := {
		"bar": {"do": "bar", "seconds": 60, "tell": [], "alert_only": false},
		"ban": {"do": "ban", "seconds": 60, "tell": [], "alert_only": false},
	}
	named := sentence.named with input as calm.address with data.sentinel.tables.verdicts as rows
		with data.sentinel.tables.by_machine as _by_machine
	named.bar.do == "bar"
	named.ban.do == "alert"
}

test_empty_input_names_every_row if {
	object.keys(sentence.named) == {"harsh", "mild"} with input as {} with data.sentinel.tables.verdicts as _table
}
