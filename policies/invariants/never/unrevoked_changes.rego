# METADATA
# title: Nothing is changed without a fresh list of revocations
package invariants.never.unrevoked_changes

violated if {
	data.authz.answer.decision
	input.action.name in _changes
	not input.context.revocation.state == "fresh"
}

_changes := {
	"patient.add",
	"patient.delete",
	"patient.restore",
	"service.add",
	"service.complete",
	"service.delete",
	"service.edit",
}
