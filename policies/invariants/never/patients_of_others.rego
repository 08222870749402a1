# METADATA
# title: A patient never reaches beyond the own record
package invariants.never.patients_of_others

violated if {
	data.authz.answer.decision
	input.subject.properties.role == "patient"
	input.action.name in _records
	not input.context.care.own
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
