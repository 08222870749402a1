# METADATA
# title: A subject is denied again and again
# custom:
#   sp800_207: "3.3, trust algorithm; 2.1, tenet 7"
#   iso_27001: "A.8.16, monitoring activities"
package sentinel.rules.denied_often

import data.sentinel.sentence

# METADATA
# title: A subject is denied again and again
verdict contains sentence.named.denied_often if {
	input.who == "subject"
	input.signals.denials == "many"
}
