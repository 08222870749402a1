# METADATA
# title: A subject asks faster than anybody works
# custom:
#   sp800_207: "3.3, trust algorithm; 2.1, tenet 7"
#   iso_27001: "A.8.6, capacity management"
package sentinel.rules.flood

import data.sentinel.sentence

# METADATA
# title: A subject asks faster than anybody works
verdict contains sentence.named.flood if {
	input.who == "subject"
	input.signals.requests == "many"
}
