# METADATA
# title: A doctor changes a record only of who is treated
package invariants.never.changes_without_treating

violated if {
	data.authz.answer.decision
	input.subject.properties.role == "doctor"
	input.resource.id != ""
	input.action.name in _changes
	not input.context.care.treats
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
