# METADATA
# title: A patient changes no record
package invariants.never.patients_changing

violated if {
	data.authz.answer.decision
	input.subject.properties.role == "patient"
	input.action.name in _changes
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
