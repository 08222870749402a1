# METADATA
# title: Which role has which right, and over whom
# description: |
#   The hospital edits this table. A right that is not listed for a role is one
#   that the role never has: asking for it by a request that changes something
#   ends the session. The words in the cells say over whom:
#     own         the patients that this doctor is responsible for
#     department  the patients of this nurse's department
#     self        the own record of this patient
#     account     what belongs to the own account (its sessions)
#     any         not about one patient
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
	"Own account": {"doctor": "account", "nurse": "account", "patient": "account", "security": "account"},
	"Log in": {"anyone": "public"},
}

# METADATA
# title: Which right an action needs, and whether it changes anything
actions := {
	"patient.list": {"right": "Responsible Patients", "changes": false},
	"patient.add": {"right": "Add patient", "changes": true},
	"patient.read": {"right": "Patient Health overview", "changes": false},
	"patient.delete": {"right": "Delete patient", "changes": true},
	"service.list": {"right": "Patient clinical services", "changes": false},
	"service.add": {"right": "Add clinical services", "changes": true},
	"service.edit": {"right": "Edit clinical services", "changes": true},
	"service.delete": {"right": "Delete clinical services", "changes": true},
	"service.complete": {"right": "Complete clinical services", "changes": true},
	"bill.list": {"right": "Billing and Finance", "changes": false},
	"model.read": {"right": "Predictions", "changes": false},
	"model.predict": {"right": "Predictions", "changes": false},
	"account.read": {"right": "Own account", "changes": false},
	"session.list": {"right": "Own account", "changes": false},
	"session.end": {"right": "Own account", "changes": true},
	"session.elevate": {"right": "Own account", "changes": true},
	"session.create": {"right": "Log in", "changes": true},
	"session.refresh": {"right": "Log in", "changes": true},
	"log_in.attempt": {"right": "Log in", "changes": true},
	"demo.outbox": {"right": "Log in", "changes": false},
}
