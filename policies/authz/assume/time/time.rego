# METADATA
# title: Whether it is day or night is known exactly when the time is
package authz.assume.time

impossible if {
	input.context.time.state == "unknown"
	input.context.time.period != ""
}

impossible if {
	input.context.time.state == "fresh"
	input.context.time.period == ""
}
