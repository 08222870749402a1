# METADATA
# title: Off-site no answer says how to reach a patient
package invariants.never.contacts_off_site

violated if {
	data.authz.answer.decision
	input.action.name in {"patient.list", "patient.read"}
	input.resource.type == "patient"
	not input.context.location.place == "on_site"
	not _withheld
}

_withheld if {
	some duty in data.authz.answer.context.obligations
	duty.id == "withhold"
	{"contact", "national_id"} - duty.properties.fields == set()
}
