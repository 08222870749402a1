# METADATA
# title: The sentinel leaves alone what a busy ward does
package invariants.never.nervous_sentinel

violated if {
	some name, least in {"requests": 60, "denials": 10, "sprayed_accounts": 3, "patients": 50, "predictions": 50}
	data.sentinel.tables.thresholds[name] < least
}
