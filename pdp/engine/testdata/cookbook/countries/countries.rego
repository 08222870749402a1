# METADATA
# title: Requests from outside come from known countries
# custom:
#   sp800_207: "2.1, tenets 4 and 7"
#   gdpr: "Article 44, transfers to third countries"
package authz.rules.countries

import data.authz.ask

# Where the hospital's people live and travel for work (ISO 3166-1 alpha-2).
_countries := {"AT", "CH", "DE"}

# METADATA
# title: The request comes from a country that is not in the list
deny contains "country_not_listed" if {
	ask.reach
	not _listed
}

_listed if input.context.location.place == "on_site"

_listed if input.context.location.country in _countries
