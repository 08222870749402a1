# METADATA
# title: A doctor touches no row of a patient of another doctor
package invariants.never.rows_of_other_doctors

violated if {
	data.records.rows.include
	input.subject.properties.role == "doctor"
	input.action.name in _records
	not input.patient.doctor == input.subject.properties.staff
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
