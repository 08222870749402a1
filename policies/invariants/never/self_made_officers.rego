# METADATA
# title: No one signs up for a role that administers or reads the evidence
package invariants.never.self_made_officers

violated if {
	some role, row in data.authz.tables.roles
	row.sign_up
	some action in _trusted
	data.authz.tables.rights[data.authz.tables.actions[action].right][role]
}

_trusted := {"audit.read", "console.read", "patient.restore", "policy.read", "report.read", "user.approve", "user.list"}
