# METADATA
# title: Another system reported a subject
# custom:
#   sp800_207: "3.3, trust algorithm; 2.1, tenet 7"
#   hipaa: "45 CFR 164.308(a)(6)(ii), response and reporting"
package sentinel.rules.reported

import data.sentinel.sentence

# METADATA
# title: Another system reported a subject
verdict contains sentence.named.reported if {
	input.who == "subject"
	some _ in input.external
}
