package sentinel.sentence_test

import data.sentinel.calm_test as calm
import data.sentinel.sentence

_table := {
	"harsh": {"do": "ban", "seconds": 60, "tell": ["mail"], "alert_only": false},
	"mild": {"do": "bar", "seconds": 60, "tell": [], "alert_only": true},
}

test_verdict_does_what_its_row_says if {
	sentence.named.harsh == {"id": "harsh", "do": "ban", "seconds": 60, "tell": ["mail"]} with input as calm.subject
		with data.sentinel.tables.verdicts as _table
}

test_verdict_can_be_turned_to_telling if {
	sentence.named.mild == {"id": "mild", "do": "alert", "seconds": 60, "tell": []} with input as calm.subject
		with data.sentinel.tables.verdicts as _table
}

test_own_networks_are_never_barred if {
	here := calm.with_value(calm.address, "/place", "on_site")
	every _, one in sentence.named {
		one.do == "alert"
	} with input as here
}

test_empty_input_names_every_row if {
	object.keys(sentence.named) == {"harsh", "mild"} with input as {} with data.sentinel.tables.verdicts as _table
}
