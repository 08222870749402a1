# METADATA
# title: A nurse touches no row of another department
package invariants.never.rows_of_other_departments

violated if {
	data.records.rows.include
	input.subject.properties.role == "nurse"
	input.action.name in _records
	not input.patient.department == input.subject.properties.department
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
