# METADATA
# title: A nurse sees no national id
package invariants.never.national_ids

violated if {
	data.authz.answer.decision
	input.subject.properties.role == "nurse"
	input.action.name in {"patient.list", "patient.read"}
	input.resource.type == "patient"
	not _withheld
}

_withheld if {
	some duty in data.authz.answer.context.obligations
	duty.id == "withhold"
	"national_id" in duty.properties.fields
}
