# METADATA
# title: No officer administers the own account
package invariants.never.own_account

violated if {
	data.authz.answer.decision
	input.action.name in {"user.approve", "user.ban", "user.change", "user.disable", "user.enable", "user.link", "user.remove_factor", "user.revoke", "user.set_badge", "user.unban", "user.unlink"}
	input.resource.type == "user"
	input.subject.id != ""
	input.resource.id == input.subject.id
}
