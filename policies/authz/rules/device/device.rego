# METADATA
# title: The session is used from the device that it began on
# description: Drift detection by operating system and browser family. It is no proof of possession.
# custom:
#   sp800_207: "2.1, tenet 5: integrity and security posture of the asset"
#   iso_27001: "A.8.1, user endpoint devices"
package authz.rules.device

import data.authz.ask

# METADATA
# title: The device could not be compared
deny contains "device_unknown" if {
	not ask.public
	not _compared
}

# METADATA
# title: Another operating system or browser than at log-in
deny contains "device_changed" if {
	not ask.public
	input.context.device.match == "changed"
}

_compared if {
	input.context.device.state == "fresh"
	input.context.device.match in {"same", "changed"}
}

# Another enforcement point vouches for the subject: there is no footprint of
# ours to compare with.
_compared if {
	input.context.device.state == "fresh"
	input.context.credential.state == "delegated"
}
