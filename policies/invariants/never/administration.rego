# METADATA
# title: Only security and its machines administer accounts
package invariants.never.administration

violated if {
	data.authz.answer.decision
	input.action.name in _administration
	not input.subject.properties.role in {"machine", "security"}
}

_administration := {"ban.lift", "ban.list", "user.approve", "user.ban", "user.change", "user.disable", "user.enable", "user.issue_pass", "user.link", "user.list", "user.remove_factor", "user.revoke", "user.set_badge", "user.unban", "user.unlink", "workstation.list", "workstation.register", "workstation.remove"}
