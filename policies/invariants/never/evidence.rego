# METADATA
# title: Only security and auditors read the journal, the rule book and reports
package invariants.never.evidence

violated if {
	data.authz.answer.decision
	input.action.name in {"audit.read", "audit.verify", "policy.read", "report.read"}
	not input.subject.properties.role in {"auditor", "security"}
}
