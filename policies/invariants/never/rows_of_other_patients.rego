# METADATA
# title: A patient touches no row of another patient
package invariants.never.rows_of_other_patients

violated if {
	data.records.rows.include
	input.subject.properties.role == "patient"
	input.action.name in _records
	not input.patient.id == input.subject.properties.patient
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
