# METADATA
# title: No person administers with a session of one factor
package invariants.never.one_factor_administration

violated if {
	data.authz.answer.decision
	input.action.name in _administration
	input.subject.type == "user"
	input.context.credential.state == "valid"
	not input.context.credential.factors == "two"
}

_administration := {"ban.lift", "ban.list", "user.approve", "user.ban", "user.change", "user.disable", "user.enable", "user.issue_pass", "user.link", "user.list", "user.remove_factor", "user.revoke", "user.set_badge", "user.unban", "user.unlink", "workstation.list", "workstation.register", "workstation.remove"}
