# METADATA
# title: Only staff vouch for colleagues
package invariants.never.vouching

violated if {
	data.authz.answer.decision
	input.action.name in {"pass.confirm", "pass.propose"}
	not _staff
}

_staff if data.authz.tables.roles[input.subject.properties.role].kind == "staff"
