# METADATA
# title: Another system reported an address
# custom:
#   sp800_207: "3.3, trust algorithm; 2.1, tenet 7"
#   hipaa: "45 CFR 164.308(a)(6)(ii), response and reporting"
package sentinel.rules.reported_address

import data.sentinel.sentence

# METADATA
# title: Another system reported an address
verdict contains sentence.named.reported_address if {
	input.who == "address"
	some _ in input.external
}
