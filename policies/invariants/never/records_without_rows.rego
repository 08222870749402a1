# METADATA
# title: A record is never read without a condition on its rows
package invariants.never.records_without_rows

violated if {
	data.authz.answer.decision
	input.action.name in _records
	not _bound
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

_bound if {
	some duty in data.authz.answer.context.obligations
	duty.id == "row_condition"
}
