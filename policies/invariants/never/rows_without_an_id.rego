# METADATA
# title: A doctor, nurse or patient without a record of their own touches no row as if they had one
package invariants.never.rows_without_an_id

violated if {
	data.records.rows.include
	input.subject.properties.role in {"doctor", "nurse", "patient"}
	input.action.name in {"bill.list", "patient.list", "patient.read", "service.list"}
	input.subject.properties.staff == ""
	input.subject.properties.patient == ""
	input.subject.properties.department == ""
}
