# METADATA
# title: Who may do what is changed after a fresh second factor only
package invariants.never.administration_without_a_step_up

violated if {
	data.authz.answer.decision
	input.action.name in _administration
	not input.context.credential.elevation == "fresh"
	not input.context.claims.elevation == "fresh"
	not _by_the_personnel_system
}

_administration := {
	"console.change",
	"console.read",
	"pass.confirm",
	"pass.propose",
	"user.approve",
	"user.change",
	"user.disable",
	"user.enable",
	"user.issue_pass",
	"user.link",
	"user.remove_factor",
	"user.set_badge",
	"user.unlink",
	"workstation.register",
	"workstation.remove",
}

# A machine has a key, and no second factor.
_by_the_personnel_system if {
	input.subject.properties.role == "machine"
	input.action.name in {"user.approve", "user.link"}
}
