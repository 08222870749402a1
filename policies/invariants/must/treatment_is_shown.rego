# METADATA
# title: On-site what a treatment needs is shown to the doctors and nurses who treat
package invariants.must.treatment_is_shown

when if {
	data.authz.answer.decision
	input.context.location.place == "on_site"
	input.subject.properties.role in {"doctor", "nurse"}
}

then if {
	not _hidden
}

_hidden if {
	some duty in data.authz.answer.context.obligations
	duty.id == "withhold"
	some column in _needed[input.subject.properties.role]
	column in duty.properties.fields
}

_needed := {
	"doctor": (_dose | {"blood_group", "chronic_conditions", "date_of_birth", "diagnoses", "treatment_details"}),
	"nurse": _dose,
}

_dose := {"allergies", "dosage_instructions", "due_at", "medication_name", "name"}
