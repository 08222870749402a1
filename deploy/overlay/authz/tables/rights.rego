package authz.tables

# METADATA
# title: Right, role, reach
# description: As delivered, but that nurses see the bills of their department's patients.
# custom:
#   replaces: "sha256:7feaac892f461576648ebe733d9b91bce6fecbdd2f80604f08e106f830874385"
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
	"Billing and Finance": {"nurse": "department", "patient": "self"},
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
