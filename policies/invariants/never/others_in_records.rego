# METADATA
# title: No officer, auditor or machine reads or changes a record
package invariants.never.others_in_records

violated if {
	data.authz.answer.decision
	input.subject.properties.role in {"auditor", "machine", "security"}
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
