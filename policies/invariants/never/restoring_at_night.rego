# METADATA
# title: At night a deleted patient is restored on-site only
package invariants.never.restoring_at_night

violated if {
	data.authz.answer.decision
	input.action.name == "patient.restore"
	not input.context.time.period == "day"
	not input.context.location.place == "on_site"
}
