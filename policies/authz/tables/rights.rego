# METADATA
# title: Which role has which right, and over whom
# description: |
#   The hospital edits this table. A right that is not listed for a role is one
#   that the role never has. The words in the cells say over whom:
#     own         the patients that this doctor is responsible for
#     department  the patients of this nurse's department
#     self        the own record of this patient
#     account     what belongs to the own account (its sessions)
#     any         not about one patient
#     all         every patient of the hospital; for staff and officers alone
#     public      everybody, without a session
# custom:
#   sp800_207: "2.1, tenet 3"
#   hipaa: "45 CFR 164.308(a)(4)(ii)(B), access authorization; 164.502(b), minimum necessary"
package authz.tables

# METADATA
# title: Right, role, reach
rights := {
	# right                       doctor           nurse                  patient          security              anyone
	"Responsible Patients": {"doctor": "own", "nurse": "department"},
	"Patient Health overview": {"doctor": "own", "nurse": "department", "patient": "self"},
	"Patient clinical services": {"doctor": "own", "nurse": "department", "patient": "self"},
	"Add patient": {"doctor": "own"},
	"Delete patient": {"doctor": "own"},
	"Add clinical services": {"doctor": "own"},
	"Edit clinical services": {"doctor": "own"},
	"Delete clinical services": {"doctor": "own"},
	"Complete clinical services": {"nurse": "department"},
	"Billing and Finance": {"patient": "self"},
	"Predictions": {"doctor": "any", "nurse": "any"},
	"Own account": {"doctor": "account", "nurse": "account", "patient": "account", "security": "account", "auditor": "account"},
	"Manage users": {"security": "any", "machine": "any"},
	"Manage workstations": {"security": "any"},
	"Restore patient": {"security": "all"},
	"Second factors": {"doctor": "account", "nurse": "account", "patient": "account", "security": "account", "auditor": "account"},
	"Vouch for colleagues": {"doctor": "any", "nurse": "any"},
	"Console": {"security": "any"},
	"Read journal": {"security": "any", "auditor": "any"},
	"Read rule book": {"security": "any", "auditor": "any"},
	"Read reports": {"security": "any", "auditor": "any"},
	"Report signals": {"machine": "any"},
	"Public keys": {"anyone": "public"},
	"Public pages": {"anyone": "public"},
	"Log in": {"anyone": "public"},
	"Sign up": {"anyone": "public"},
	"Reset password": {"anyone": "public"},
}

# METADATA
# title: Which right an action needs, and whether it changes anything
# description: |
#   ends_session: true: a role that never has the right and asks for the action
#   by a request that proved itself loses the session. It stands where a slip is
#   unlikely and a repetition would harm: at what rewrites or removes care that is
#   written down, and at administration. A request for an application that is not
#   Wardgate's own never ends a session, whatever its action's row says.
actions := {
	"patient.list": {"right": "Responsible Patients", "changes": false},
	"patient.add": {"right": "Add patient", "changes": true},
	"patient.read": {"right": "Patient Health overview", "changes": false},
	"patient.delete": {"right": "Delete patient", "changes": true, "ends_session": true},
	"service.list": {"right": "Patient clinical services", "changes": false},
	"service.add": {"right": "Add clinical services", "changes": true},
	"service.edit": {"right": "Edit clinical services", "changes": true, "ends_session": true},
	"service.delete": {"right": "Delete clinical services", "changes": true, "ends_session": true},
	"service.complete": {"right": "Complete clinical services", "changes": true},
	"bill.list": {"right": "Billing and Finance", "changes": false},
	"model.read": {"right": "Predictions", "changes": false},
	"model.predict": {"right": "Predictions", "changes": false},
	"account.read": {"right": "Own account", "changes": false},
	"session.list": {"right": "Own account", "changes": false},
	"session.end": {"right": "Own account", "changes": true},
	"session.elevate": {"right": "Own account", "changes": true},
	"device.list": {"right": "Own account", "changes": false},
	"device.forget": {"right": "Own account", "changes": true},
	"notice.list": {"right": "Own account", "changes": false},
	"user.list": {"right": "Manage users", "changes": false},
	"user.approve": {"right": "Manage users", "changes": true, "ends_session": true},
	"user.ban": {"right": "Manage users", "changes": true, "ends_session": true},
	"user.unban": {"right": "Manage users", "changes": true, "ends_session": true},
	"user.revoke": {"right": "Manage users", "changes": true, "ends_session": true},
	"user.change": {"right": "Manage users", "changes": true, "ends_session": true},
	"user.disable": {"right": "Manage users", "changes": true, "ends_session": true},
	"user.enable": {"right": "Manage users", "changes": true, "ends_session": true},
	"user.link": {"right": "Manage users", "changes": true, "ends_session": true},
	"user.unlink": {"right": "Manage users", "changes": true, "ends_session": true},
	"user.issue_pass": {"right": "Manage users", "changes": true, "ends_session": true},
	"user.remove_factor": {"right": "Manage users", "changes": true, "ends_session": true},
	"user.set_badge": {"right": "Manage users", "changes": true, "ends_session": true},
	"ban.list": {"right": "Manage users", "changes": false},
	"ban.lift": {"right": "Manage users", "changes": true, "ends_session": true},
	"workstation.list": {"right": "Manage workstations", "changes": false},
	"workstation.register": {"right": "Manage workstations", "changes": true, "ends_session": true},
	"workstation.remove": {"right": "Manage workstations", "changes": true, "ends_session": true},
	"patient.restore": {"right": "Restore patient", "changes": true, "ends_session": true},
	"pass.propose": {"right": "Vouch for colleagues", "changes": true},
	"pass.confirm": {"right": "Vouch for colleagues", "changes": true},
	"factor.add": {"right": "Second factors", "changes": true},
	"factor.confirm": {"right": "Own account", "changes": true},
	"factor.read": {"right": "Own account", "changes": false},
	"factor.remove": {"right": "Second factors", "changes": true},
	"console.read": {"right": "Console", "changes": false},
	"console.change": {"right": "Console", "changes": true, "ends_session": true},
	"audit.read": {"right": "Read journal", "changes": false},
	"audit.verify": {"right": "Read journal", "changes": false},
	"policy.read": {"right": "Read rule book", "changes": false},
	"report.read": {"right": "Read reports", "changes": false},
	"signal.report": {"right": "Report signals", "changes": true},
	"key.list": {"right": "Public keys", "changes": false},
	"page.show": {"right": "Public pages", "changes": false},
	"account.sign_up": {"right": "Sign up", "changes": true},
	"account.verify": {"right": "Sign up", "changes": true},
	"account.forgot": {"right": "Reset password", "changes": true},
	"account.reset": {"right": "Reset password", "changes": true},
	"session.create": {"right": "Log in", "changes": true},
	"session.redeem": {"right": "Log in", "changes": true},
	"session.refresh": {"right": "Log in", "changes": true},
	"session.continue": {"right": "Log in", "changes": true},
	"session.resume": {"right": "Own account", "changes": true},
	"machine.log_in": {"right": "Log in", "changes": true},
	"log_in.begin": {"right": "Log in", "changes": true},
	"log_in.fail": {"right": "Log in", "changes": true},
	"log_in.attempt": {"right": "Log in", "changes": true},
	"demo.outbox": {"right": "Log in", "changes": false},
}
