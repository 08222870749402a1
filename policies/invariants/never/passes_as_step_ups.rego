# METADATA
# title: A session that began with a pass is not one that stepped up
package invariants.never.passes_as_step_ups

violated if {
	data.authz.tables.pass_acr == data.authz.tables.step_up_acr
}
