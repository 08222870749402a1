# METADATA
# title: Badge and PIN resume a session at a registered workstation on-site, and nowhere else
package invariants.never.resuming_elsewhere

violated if {
	data.authz.answer.decision
	input.action.name == "session.resume"
	not _there
}

_there if {
	input.context.device.workstation == "registered"
	input.context.location.place == "on_site"
}
