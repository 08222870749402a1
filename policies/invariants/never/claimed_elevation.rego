# METADATA
# title: Off-site a caller's word for a second factor never counts where one is owed
package invariants.never.claimed_elevation

violated if {
	data.authz.answer.decision
	input.context.credential.state == "delegated"
	input.context.revocation.step_up == "owed"
	not input.context.credential.elevation == "fresh"
	not input.context.location.place == "on_site"
	input.action.name in _records
}

_records := {
	"bill.list",
	"patient.delete",
	"patient.list",
	"patient.read",
	"service.add",
	"service.complete",
	"service.delete",
	"service.edit",
	"service.list",
}
