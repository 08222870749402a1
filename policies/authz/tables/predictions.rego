package authz.tables

# METADATA
# title: Roles from which a fragile prediction is withheld
# description: |
#   A prediction is fragile when a small change of the input would turn it. Who
#   is not trained to weigh that sees that there is one, and not what it says.
fragile_withheld := {"nurse"}

# METADATA
# title: How many rows one person has predicted by one model
# description: |
#   A batch counts as many as it has rows. Who asks often and near one another
#   learns what a withheld prediction says.
prediction_budget := {"rows": 300, "seconds": 600}
