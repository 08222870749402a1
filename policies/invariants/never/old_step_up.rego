# METADATA
# title: A second factor counts for an hour at most
package invariants.never.old_step_up

violated if {
	some duty in data.authz.answer.context.obligations
	duty.id == "step_up"
	duty.properties.max_age > 3600
}
