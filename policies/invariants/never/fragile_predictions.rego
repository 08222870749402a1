# METADATA
# title: Who is not trained to weigh a fragile prediction does not see it
package invariants.never.fragile_predictions

violated if {
	data.authz.answer.decision
	input.subject.properties.role != "doctor"
	input.action.name == "model.predict"
	input.resource.type == "model"
	not _withheld
}

_withheld if {
	some duty in data.authz.answer.context.obligations
	duty.id == "withhold_fragile"
}
