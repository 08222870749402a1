package authz.tables

# METADATA
# title: Columns of a patient that are withheld off-site
# description: Never allergies. A hidden allergy kills.
withheld_off_site := {"contact", "national_id"}

# METADATA
# title: Columns of a patient that a role does not need
withheld_from := {"nurse": {"national_id"}}
