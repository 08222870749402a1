# METADATA
# title: No token opens anything from a device that was not compared with its own
package invariants.never.unseen_devices

violated if {
	data.authz.answer.decision
	input.context.credential.state == "valid"
	input.context.credential.presented != ""
	input.context.device.state == "fresh"
	input.context.device.match == "unseen"
}
