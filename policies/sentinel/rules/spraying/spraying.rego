# METADATA
# title: An address tries many accounts
# custom:
#   sp800_207: "3.3, trust algorithm; 2.1, tenet 7"
#   iso_27001: "A.8.5, secure authentication"
package sentinel.rules.spraying

import data.sentinel.sentence

# METADATA
# title: An address tries many accounts
verdict contains sentence.named.spraying if {
	input.who == "address"
	input.signals.sprayed_accounts == "many"
}
