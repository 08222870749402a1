# METADATA
# title: Strangers at one address ask faster than people do
# custom:
#   sp800_207: "3.3, trust algorithm; 2.1, tenet 7"
#   iso_27001: "A.8.6, capacity management"
package sentinel.rules.stranger_flood

import data.sentinel.sentence

# METADATA
# title: Strangers at one address ask faster than people do
verdict contains sentence.named.stranger_flood if {
	input.who == "address"
	input.signals.requests == "many"
}
