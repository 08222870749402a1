# METADATA
# title: What is masked in the answers of applications that know nothing of Wardgate
# description: Wardgate's own services mask by themselves, as records/columns says.
# custom:
#   sp800_207: "2.1, tenet 3: least privilege, for this request alone"
#   hipaa: "45 CFR 164.502(b), minimum necessary"
#   gdpr: "Article 25(2), data minimisation by default"
package authz.rules.masks

import data.authz.tables

# METADATA
# title: Mask this for everybody
oblige contains _mask(row) if {
	some who, row in tables.masks[input.action.name]
	who == "anyone"
}

# METADATA
# title: Mask this for the role
oblige contains _mask(row) if {
	some who, row in tables.masks[input.action.name]
	who == input.subject.properties.role
}

# METADATA
# title: Mask this off-site
oblige contains _mask(row) if {
	some who, row in tables.masks[input.action.name]
	who == "off_site"
	not input.context.location.place == "on_site"
}

_mask(row) := {"id": "mask_response", "type": "redact", "properties": row}
