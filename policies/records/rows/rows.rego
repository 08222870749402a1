# METADATA
# title: Which rows a subject may touch
# description: |
#   A condition in UCAST form over the fields patient.id, patient.doctor,
#   patient.department and session.account. A service adds it to every
#   statement. Who has no row here touches nothing.
package records.rows

import data.authz.ask

# METADATA
# title: The condition of this request
default condition := {"type": "none"}

condition := _equal("patient.doctor", input.subject.properties.staff) if ask.reach == "own"

condition := _equal("patient.department", input.subject.properties.department) if ask.reach == "department"

condition := _equal("patient.id", input.subject.properties.patient) if ask.reach == "self"

condition := _equal("session.account", input.subject.id) if ask.reach == "account"

condition := {"type": "all"} if ask.reach == "all"

_equal(field, value) := {"type": "field", "operator": "eq", "field": field, "value": value} if value != ""
