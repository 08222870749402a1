# METADATA
# title: Reading hundreds of patients in ten minutes is noticed
package invariants.never.unnoticed_reading

violated if {
	some name, most in {"patients_many": 500, "patients_far_more": 1000, "patients_many_times": 20, "patients_far_more_times": 50}
	data.authz.tables.thresholds[name] > most
}
