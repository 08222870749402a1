package authz.tables_test

import data.authz.tables

_readings := {"audit.read", "audit.verify", "policy.read", "report.read"}

test_what_ends_the_session_as_delivered if {
	ending := {action | some action, row in tables.actions; row.ends_session}
	{"patient.delete", "service.delete", "service.edit", "user.approve", "user.ban"} - ending == set()
	every action in ending {
		tables.actions[action].right in {
			"Console", "Delete clinical services", "Delete patient",
			"Edit clinical services", "Manage users", "Manage workstations", "Restore patient",
		}
	}
}

# What an auditor may change is the own session and the own factors.
test_auditor_changes_nothing_of_others if {
	changed := {row.right |
		some row in tables.actions
		row.changes
		tables.rights[row.right].auditor
	}
	changed == {"Own account", "Second factors"}
	every right in changed {
		tables.rights[right].auditor == "account"
	}
}

test_reading_the_evidence_changes_nothing[action] if {
	some action in _readings
	not tables.actions[action].changes
}
