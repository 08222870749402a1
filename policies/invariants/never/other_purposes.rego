# METADATA
# title: A record is touched for no purpose that the hospital does not know
package invariants.never.other_purposes

violated if {
	data.authz.answer.decision
	input.action.name in _records
	input.context.claims.purpose == "other"
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
