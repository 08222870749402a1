# METADATA
# title: What of a row is not shown for this request
# description: The names travel inside the assertion. Which they are stands in records/columns.
# custom:
#   sp800_207: "2.1, tenet 3: least privilege, for this request alone"
#   hipaa: "45 CFR 164.502(b), minimum necessary"
#   gdpr: "Article 25(2), data minimisation by default"
package authz.rules.columns

import data.authz.ask
import data.records.columns

# METADATA
# title: Withhold these fields
oblige contains {
	"id": "withhold",
	"type": "redact",
	"properties": {"fields": columns.mask},
} if {
	ask.reach
	input.resource.type in {"patient", "service"}
	columns.mask != set()
}
