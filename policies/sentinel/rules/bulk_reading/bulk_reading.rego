# METADATA
# title: A subject reads far more patients than anybody treats
# custom:
#   sp800_207: "3.3, trust algorithm; 2.1, tenet 7"
#   hipaa: "45 CFR 164.308(a)(1)(ii)(D), information system activity review"
package sentinel.rules.bulk_reading

import data.sentinel.sentence

# METADATA
# title: A subject reads far more patients than anybody treats
verdict contains sentence.named.bulk_reading if {
	input.who == "subject"
	input.signals.patients == "many"
}
