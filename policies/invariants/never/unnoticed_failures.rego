# METADATA
# title: Denials, failed log-ins, predictions and requests without number are noticed
package invariants.never.unnoticed_failures

violated if {
	some name, most in {"denials_many": 200, "failed_log_ins_many": 100, "predictions_many": 5000, "requests_many": 60000}
	data.authz.tables.thresholds[name] > most
}
