# METADATA
# title: The stated purpose is one that the right serves
# description: |
#   Another enforcement point may state for what somebody asks. It is held to its
#   word: a purpose can deny, and never grants.
# custom:
#   sp800_207: "2.1, tenet 3: least privilege, for this request alone"
#   hipaa: "45 CFR 164.502(b), minimum necessary; 164.506, treatment, payment and operations"
#   gdpr: "Article 5(1)(b), purpose limitation"
package authz.rules.purposes

import data.authz.ask
import data.authz.tables

# METADATA
# title: The right does not serve the purpose
deny contains "purpose_unfit" if {
	input.context.claims.purpose
	not _serves
}

_serves if input.context.claims.purpose in tables.purposes[ask.right]
