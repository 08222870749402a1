# METADATA
# title: Off-site nothing is ordered, added or recorded without a fresh second factor
package invariants.never.changes_from_elsewhere

violated if {
	data.authz.answer.decision
	input.action.name in {"patient.add", "service.add", "service.complete"}
	not input.context.location.place == "on_site"
	not input.context.credential.elevation == "fresh"
	not input.context.claims.elevation == "fresh"
}
