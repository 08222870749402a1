# METADATA
# title: Nothing is decided without knowing the time
package invariants.never.unknown_hours

violated if {
	data.authz.answer.decision
	not input.context.time.state == "fresh"
}
