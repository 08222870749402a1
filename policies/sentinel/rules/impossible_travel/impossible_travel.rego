# METADATA
# title: A subject logged in from further away than anybody travels
# custom:
#   sp800_207: "3.3, trust algorithm; 2.1, tenet 7"
#   iso_27001: "A.8.16, monitoring activities"
package sentinel.rules.impossible_travel

import data.sentinel.sentence

# METADATA
# title: A subject logged in from further away than anybody travels
verdict contains sentence.named.impossible_travel if {
	input.who == "subject"
	input.signals.impossible_travel
}
