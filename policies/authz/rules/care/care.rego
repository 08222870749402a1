# METADATA
# title: A doctor reaches the patients that he or she is responsible for
# description: A resource that does not exist belongs to nobody, and is denied with the same code.
# custom:
#   sp800_207: "2.1, tenet 3"
#   hipaa: "45 CFR 164.502(b), minimum necessary"
package authz.rules.care

import data.authz.ask

# METADATA
# title: Who treats the patient could not be found out
deny contains "care_unknown" if {
	_about_one_patient
	not input.context.care.state == "fresh"
}

# METADATA
# title: Somebody else's patient, or no patient at all
deny contains "not_your_patient" if {
	ask.reach == "own"
	_about_one_patient
	not input.context.care.treats
	not input.context.care.state == "unknown"
}

_about_one_patient if {
	ask.reach in {"own", "department", "self"}
	not input.resource.id == ""
}
