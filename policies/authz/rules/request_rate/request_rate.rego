# METADATA
# title: Nobody asks faster than people do
# description: |
#   A signal that is missing is no reason here: the signals rule says what may
#   go on without it. Strangers on the hospital's own networks share addresses,
#   and are not counted together.
# custom:
#   sp800_207: "2.1, tenet 7: collect as much as possible about the current state"
#   iso_27001: "A.8.6, capacity management; A.8.16, monitoring activities"
package authz.rules.request_rate

import data.authz.tables

# METADATA
# title: Too many requests in the last minute
deny contains "too_many_requests" if {
	_asked_by_a_request
	input.subject.type == "anonymous"
	input.context.signals.requests == "many"
	not _shared_address
}

# METADATA
# title: Too many questions to the models in the last ten minutes
deny contains "too_many_requests" if {
	input.action.name == "model.predict"
	input.context.signals.predictions == "many"
}

# What the policy administrator asks by itself ends sessions when it is denied.
_asked_by_a_request if {
	tables.actions[input.action.name]
	not tables.unrouted[input.action.name]
}

_shared_address if input.context.location.place == "on_site"
