# METADATA
# title: Which rows a subject may touch
# description: |
#   input.patient and input.session are one row, and nobody knows it yet: the
#   engine compiles these rules to a condition on rows, which a service adds to
#   every statement, reading and writing. Who has no rule here touches nothing.
#   A row's fields are patient.id, patient.doctor, patient.department and
#   session.account. A rule compares one of them with an id of the subject that
#   is there; what else it asks, it asks of the tables.
# custom:
#   sp800_207: "2.1, tenet 3: least privilege, for this request alone"
#   hipaa: "45 CFR 164.502(b), minimum necessary"
package records.rows

import data.authz.ask

# METADATA
# title: A doctor touches the patients that he or she is responsible for
include if {
	ask.reach == "own"
	input.subject.properties.staff != ""
	input.patient.doctor == input.subject.properties.staff
}

# METADATA
# title: A nurse touches the patients of the own department
include if {
	ask.reach == "department"
	input.subject.properties.department != ""
	input.patient.department == input.subject.properties.department
}

# METADATA
# title: A patient touches the own record
include if {
	ask.reach == "self"
	input.subject.properties.patient != ""
	input.patient.id == input.subject.properties.patient
}

# METADATA
# title: Everybody touches the own sessions
include if {
	ask.reach == "account"
	input.subject.id != ""
	input.session.account == input.subject.id
}

# METADATA
# title: Some rights reach every row
include if ask.reach == "all"
