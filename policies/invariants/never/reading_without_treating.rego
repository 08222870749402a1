# METADATA
# title: A doctor reads a record only of who is treated
package invariants.never.reading_without_treating

violated if {
	data.authz.answer.decision
	input.subject.properties.role == "doctor"
	input.resource.id != ""
	input.action.name in _records
	not input.context.care.treats
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
