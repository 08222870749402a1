# METADATA
# title: Where the request comes from is known, and limits what is shown
# description: Off-site, a row of the table says which of a patient's fields are withheld.
# custom:
#   sp800_207: "2.1, tenet 2: location alone does not imply trust; tenet 4"
#   gdpr: "Article 25(2), data minimisation by default"
package authz.rules.location

import data.authz.ask
import data.authz.tables

# METADATA
# title: The place is not known
deny contains "location_unknown" if {
	not ask.public
	not _known
}

# METADATA
# title: Off-site, some fields are withheld
oblige contains {
	"id": "withhold",
	"type": "redact",
	"properties": {"fields": tables.withheld_off_site},
} if {
	input.resource.type in {"patient", "service"}
	not input.context.location.place == "on_site"
}

_known if {
	input.context.location.state == "fresh"
	input.context.location.place in {"on_site", "off_site"}
}
