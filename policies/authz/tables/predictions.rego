package authz.tables

# METADATA
# title: Roles from which a fragile prediction is withheld
# description: |
#   A prediction is fragile when a small change of the input would turn it. Who
#   is not trained to weigh that sees that there is one, and not what it says.
fragile_withheld := {"nurse"}
