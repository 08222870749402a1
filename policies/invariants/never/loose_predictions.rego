# METADATA
# title: Predictions are counted over a minute to an hour, and are neither without number nor none
package invariants.never.loose_predictions

violated if not _counted

_counted if {
	data.authz.tables.prediction_budget.seconds >= 60
	data.authz.tables.prediction_budget.seconds <= 3600
	data.authz.tables.prediction_budget.rows >= 10
	data.authz.tables.prediction_budget.rows <= 5000
}
