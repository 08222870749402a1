# METADATA
# title: Which columns are masked, for whom
# description: |
#   A masked column is not shown, is named as withheld, and cannot be written.
#   Every rule here only adds: nothing uncovers what another one masks.
# custom:
#   sp800_207: "2.1, tenets 2 and 4"
#   hipaa: "45 CFR 164.502(b), minimum necessary"
#   gdpr: "Article 25(2), data minimisation by default"
package records.columns

import data.authz.tables

# METADATA
# title: The role does not need these
mask contains column if some column in tables.withheld_from[input.subject.properties.role]

# METADATA
# title: These do not leave the hospital
mask contains column if {
	some column in tables.withheld_off_site
	not input.context.location.place == "on_site"
}
