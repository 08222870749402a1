# METADATA
# title: Who is shown a prediction that a small change would turn
# description: |
#   Who may ask the models at all is in the table of rights. The service that
#   predicts withholds what this says, and names it in its answer.
# custom:
#   sp800_207: "2.1, tenet 3: least privilege, for this request alone"
#   gdpr: "Article 22, automated individual decision-making; Article 5(1)(d), accuracy"
package authz.rules.predictions

import data.authz.tables

# METADATA
# title: A fragile prediction is withheld from this role
oblige contains {
	"id": "withhold_fragile",
	"type": "redact",
} if {
	input.resource.type == "model"
	not _shown
}

# METADATA
# title: Rows are counted, however they are asked for
oblige contains {
	"id": "prediction_budget",
	"type": "limit",
	"properties": tables.prediction_budget,
} if {
	input.action.name == "model.predict"
}

_shown if {
	input.subject.properties.role != ""
	not tables.fragile_withheld[input.subject.properties.role]
}
