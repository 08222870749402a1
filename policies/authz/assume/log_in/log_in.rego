# METADATA
# title: The policy administrator alone tells of log-ins and journeys, and of failures only without a session
package authz.assume.log_in

impossible if {
	input.context.log_in.factor != ""
	input.subject.type != "anonymous"
}

impossible if {
	input.context.log_in.failures != "none"
	input.context.log_in.factor == ""
}

impossible if {
	_told
	input.context.credential.presented != ""
}

impossible if {
	_moved
	input.context.credential.state != "valid"
}

_told if input.context.log_in.factor != ""

_told if input.context.log_in.familiar != "none"

_told if _moved

_moved if input.context.location.drift != ""

_moved if input.context.location.travel != ""

_moved if input.context.location.claimed_drift != ""

_moved if input.context.location.claimed_travel != ""
