# METADATA
# title: A patient reaches the own record
# custom:
#   sp800_207: "2.1, tenet 3"
#   gdpr: "Article 15, right of access by the data subject"
package authz.rules.own_record

import data.authz.ask

# METADATA
# title: Somebody else's record, or none at all
deny contains "not_your_record" if {
	ask.reach == "self"
	not input.context.care.own
}
