package authz.rules.predictions_test

import data.authz.golden_test as golden
import data.authz.rules.predictions

_predicting(request) := json.patch(golden.acting(request, "model.predict"), [{
	"op": "replace",
	"path": "/resource",
	"value": {"type": "model", "id": "breast-cancer"},
}])

_budget := {
	"id": "prediction_budget",
	"type": "limit",
	"properties": {"rows": 300, "seconds": 600},
}

_withhold := {"id": "withhold_fragile", "type": "redact"}

test_role_of_the_table_sees_no_fragile_prediction if {
	predictions.oblige == {_budget, _withhold} with data.authz.tables as golden.tables with input as _predicting(golden.nurse)
}

test_other_roles_see_it if {
	predictions.oblige == {_budget} with data.authz.tables as golden.tables with input as _predicting(golden.doctor)
}

test_table_says_which_role if {
	predictions.oblige == {_budget, _withhold} with data.authz.tables as golden.tables with input as _predicting(golden.doctor)
		with data.authz.tables.fragile_withheld as {"doctor"}
	predictions.oblige == {_budget} with data.authz.tables as golden.tables with input as _predicting(golden.nurse)
		with data.authz.tables.fragile_withheld as {"doctor"}
}

test_unknown_role_sees_none if {
	predictions.oblige == {_budget, _withhold} with data.authz.tables as golden.tables with input as _predicting(golden.with_value(golden.doctor, "/subject/properties/role", ""))
	predictions.oblige == {_withhold} with data.authz.tables as golden.tables with input as {"resource": {"type": "model"}}
}

test_table_says_how_many_rows if {
	predictions.oblige == {object.union(_budget, {"properties": {"rows": 5, "seconds": 60}})} with data.authz.tables as golden.tables with input as _predicting(golden.doctor)
		with data.authz.tables.prediction_budget as {"rows": 5, "seconds": 60}
}

test_other_resources_are_not_judged if predictions.oblige == set() with data.authz.tables as golden.tables with input as golden.nurse

test_empty_input_is_silent if predictions.oblige == set() with data.authz.tables as golden.tables with input as {}
