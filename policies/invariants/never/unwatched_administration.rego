# METADATA
# title: While behaviour is not known nothing is deleted or restored, and no account is changed
package invariants.never.unwatched_administration

violated if {
	data.authz.answer.decision
	not input.context.signals.state == "fresh"
	input.action.name in _weighty
}

_weighty := {
	"ban.lift",
	"console.change",
	"factor.add",
	"factor.remove",
	"pass.confirm",
	"pass.propose",
	"patient.delete",
	"patient.restore",
	"service.delete",
	"user.approve",
	"user.ban",
	"user.change",
	"user.disable",
	"user.enable",
	"user.issue_pass",
	"user.link",
	"user.remove_factor",
	"user.set_badge",
	"user.revoke",
	"user.unban",
	"user.unlink",
	"workstation.register",
	"workstation.remove",
}
