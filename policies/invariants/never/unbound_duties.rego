# METADATA
# title: Every duty is one that an enforcement point binds
package invariants.never.unbound_duties

violated if {
	some duty in data.authz.answer.context.obligations
	not _bound(duty)
}

_bound(duty) if {
	duty.id in {"alert", "bar_log_in", "mask_response", "prediction_budget", "revoke_session", "row_condition", "step_up", "withhold", "withhold_fragile"}
	duty.type in {"alert", "ban", "challenge", "filter", "limit", "redact", "revoke"}
}
