# METADATA
# title: A subject logged in from a new device in a new country
# custom:
#   sp800_207: "3.3, trust algorithm; 2.1, tenet 7"
#   iso_27001: "A.8.5, secure authentication"
package sentinel.rules.odd_log_in

import data.sentinel.sentence

# METADATA
# title: A subject logged in from a new device in a new country
verdict contains sentence.named.odd_log_in if {
	input.who == "subject"
	input.signals.new_device
	input.signals.new_country
}
