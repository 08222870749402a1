# METADATA
# title: Which rows a service may touch for this request
# description: The condition travels inside the assertion and binds reads and writes alike.
# custom:
#   sp800_207: "2.1, tenet 3: least privilege, for this request alone"
#   hipaa: "45 CFR 164.502(b), minimum necessary"
package authz.rules.rows

import data.authz.ask
import data.records.rows

# METADATA
# title: Touch these rows and no others
oblige contains {
	"id": "row_condition",
	"type": "filter",
	"properties": {"condition": rows.condition},
} if {
	ask.reach in {"own", "department", "self", "account", "all"}
}
