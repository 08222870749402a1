# METADATA
# title: Who reads far more patients than usual reads no more off-site
package invariants.never.bulk_reading

violated if {
	data.authz.answer.decision
	input.context.signals.patients == "far_more"
	input.subject.properties.role in {"doctor", "nurse"}
	input.action.name in {"patient.list", "patient.read", "service.list"}
	not input.context.location.place == "on_site"
}
