# METADATA
# title: Who was lately denied many times changes nothing for a while
# custom:
#   sp800_207: "2.1, tenet 7: collect as much as possible about the current state"
#   hipaa: "45 CFR 164.308(a)(1)(ii)(D), information system activity review"
package authz.rules.restless_subjects

import data.authz.ask

# METADATA
# title: Many denials in the last ten minutes
deny contains "restless" if {
	ask.changes
	not ask.public
	not input.context.signals.denials == "usual"
}
