# METADATA
# title: What a busy ward does is not many
package invariants.never.nervous_thresholds

violated if {
	some name, least in {"denials_many": 5, "failed_log_ins_many": 3, "patients_many": 20, "predictions_many": 20, "requests_many": 600}
	data.authz.tables.thresholds[name] < least
}
