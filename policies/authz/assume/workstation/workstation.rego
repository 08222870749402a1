# METADATA
# title: A workstation is that of a session which was begun there, in its own network, and a tap is at one
package authz.assume.workstation

impossible if {
	input.context.device.state == "unknown"
	input.context.device.workstation != ""
}

impossible if {
	input.context.device.state in {"fresh", "stale"}
	input.context.device.workstation == ""
}

impossible if {
	input.context.device.workstation in {"registered", "elsewhere"}
	input.context.credential.state != "valid"
}

impossible if {
	input.context.device.workstation in {"registered", "elsewhere"}
	input.context.device.match == "unseen"
}

impossible if {
	input.context.device.workstation == "registered"
	input.context.location.place == "off_site"
}

impossible if {
	input.context.device.workstation == "registered"
	input.context.device.tap == ""
}

impossible if {
	input.context.device.tap in {"none", "fresh", "expired"}
	input.context.device.workstation != "registered"
}
