# METADATA
# title: The journal is read after a fresh second factor only
package invariants.never.evidence_without_a_step_up

violated if {
	data.authz.answer.decision
	input.action.name in {"audit.read", "audit.verify", "policy.read", "report.read"}
	not input.context.credential.elevation == "fresh"
	not input.context.claims.elevation == "fresh"
}
