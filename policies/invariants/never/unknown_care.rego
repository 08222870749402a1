# METADATA
# title: Who treats a patient is never guessed
package invariants.never.unknown_care

violated if {
	data.authz.answer.decision
	input.subject.properties.role in {"doctor", "nurse", "patient"}
	input.resource.id != ""
	input.action.name in _records
	not input.context.care.state == "fresh"
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
