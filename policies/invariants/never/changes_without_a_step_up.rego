# METADATA
# title: What was ordered for a patient is edited or deleted after a fresh second factor only
package invariants.never.changes_without_a_step_up

violated if {
	data.authz.answer.decision
	input.action.name in {"patient.delete", "service.delete", "service.edit"}
	not input.context.credential.elevation == "fresh"
	not input.context.claims.elevation == "fresh"
	not _tapped
}

# Badge and PIN at a registered workstation on-site, for what is ordered, never for who
# the patient is.
_tapped if {
	input.action.name in {"service.delete", "service.edit"}
	input.context.device.workstation == "registered"
	input.context.device.tap == "fresh"
	input.context.location.place == "on_site"
}
