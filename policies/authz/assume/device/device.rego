# METADATA
# title: A device is compared with that of a session, wherever there is one, and with nothing else
package authz.assume.device

impossible if {
	input.context.device.state == "unknown"
	input.context.device.match != ""
}

impossible if {
	input.context.device.state in {"fresh", "stale"}
	input.context.device.match == ""
}

impossible if {
	input.context.device.match in {"same", "changed"}
	input.context.credential.state != "valid"
}

impossible if {
	input.context.device.match == "unseen"
	input.context.credential.state == "valid"
	input.context.credential.presented != ""
}
