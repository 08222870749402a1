# METADATA
# title: A second factor is added or removed and a device forgotten after a fresh factor only, or one added with a pass
package invariants.never.factors_without_a_step_up

violated if {
	data.authz.answer.decision
	input.action.name in {"device.forget", "factor.add", "factor.remove"}
	not input.context.credential.elevation == "fresh"
	not input.context.claims.elevation == "fresh"
	not _passed
}

_passed if {
	input.action.name == "factor.add"
	input.context.credential.acr == data.authz.tables.pass_acr
}
