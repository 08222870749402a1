# METADATA
# title: Abroad, more of a patient is withheld
# description: Never allergies. A hidden allergy kills.
# custom:
#   sp800_207: "2.1, tenets 2 and 4"
#   gdpr: "Article 25(2), data minimisation by default"
package authz.rules.abroad_withheld

# METADATA
# title: Off-site and not in the hospital's country
oblige contains {
	"id": "withhold",
	"type": "redact",
	"properties": {"fields": ["chronic_conditions", "diagnoses"]},
} if {
	input.resource.type == "patient"
	not input.context.location.place == "on_site"
	not input.context.location.country == "DE"
}
