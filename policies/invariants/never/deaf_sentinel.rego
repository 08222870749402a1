# METADATA
# title: The sentinel hears what no honest account does
package invariants.never.deaf_sentinel

violated if {
	some name, most in {"requests": 60000, "denials": 600, "sprayed_accounts": 100, "patients": 2000, "predictions": 10000}
	data.sentinel.tables.thresholds[name] > most
}

violated if {
	some most in data.sentinel.tables.external
	most > 100
}
