# METADATA
# title: A place is known exactly when there is an address
package authz.assume.location

impossible if {
	input.context.location.state == "unknown"
	_placed
}

impossible if {
	input.context.location.state in {"fresh", "stale"}
	input.context.location.place == ""
}

_placed if input.context.location.place != ""

_placed if input.context.location.country != ""
