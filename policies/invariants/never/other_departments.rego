# METADATA
# title: A nurse reaches no record beyond the own department
package invariants.never.other_departments

violated if {
	data.authz.answer.decision
	input.subject.properties.role == "nurse"
	input.resource.id != ""
	input.action.name in _records
	not input.context.care.same_department
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
