# METADATA
# title: Which rows a service may touch for this request
# description: |
#   Names the rule in records/rows that says so. The engine compiles that rule
#   for this subject and puts the condition in the place of its name; an
#   enforcement point that is given the name alone denies. The condition travels
#   inside the assertion and binds reads and writes alike.
# custom:
#   sp800_207: "2.1, tenet 3: least privilege, for this request alone"
#   hipaa: "45 CFR 164.502(b), minimum necessary"
package authz.rules.rows

import data.authz.ask

# METADATA
# title: Touch these rows and no others
oblige contains {
	"id": "row_condition",
	"type": "filter",
	"properties": {"rows": "data.records.rows.include"},
} if {
	ask.reach in {"own", "department", "self", "account", "all"}
}
