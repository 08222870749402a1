# METADATA
# title: Allergies are never withheld from staff who may read the patient, by table, mask or column
package invariants.must.allergies

when if {
	data.authz.answer.decision
}

then if {
	not _hidden
}

_hidden if {
	some duty in data.authz.answer.context.obligations
	duty.id == "withhold"
	"allergies" in duty.properties.fields
}

_hidden if {
	some duty in data.authz.answer.context.obligations
	duty.id == "mask_response"
	some pointer in duty.properties.pointers
	contains(pointer, "allergies")
}
