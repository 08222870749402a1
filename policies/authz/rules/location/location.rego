# METADATA
# title: Where the request comes from is known
# description: What is shown off-site, records/columns says.
# custom:
#   sp800_207: "2.1, tenet 2: location alone does not imply trust; tenet 4"
#   gdpr: "Article 25(2), data minimisation by default"
package authz.rules.location

import data.authz.ask

# METADATA
# title: The place is not known
deny contains "location_unknown" if {
	not ask.public
	not _known
}

_known if {
	input.context.location.state == "fresh"
	input.context.location.place in {"on_site", "off_site"}
}
