# METADATA
# title: Wrong passwords bar new log-ins for a while
# description: |
#   Asked by the policy administrator after a wrong password. The bar holds for
#   the kind of origin that the failures came from: strangers bar strangers, and
#   a device that the account has signed in from has a stricter count of its
#   own. It never ends a session, a refresh, or a log-in from a known device.
# custom:
#   sp800_207: "2.1, tenet 6"
#   iso_27001: "A.8.5, secure authentication"
package authz.rules.failed_log_ins

import data.authz.tables

# METADATA
# title: Too many from devices that the account has not signed in from
oblige contains _bar(tables.limits.wrong_passwords_bar_seconds) if {
	_too_many
	not _known_device
}

# METADATA
# title: Too many from one device that the account has signed in from
oblige contains _bar(tables.limits.known_device_bar_seconds) if {
	_too_many
	_known_device
}

_too_many if {
	input.action.name == "log_in.fail"
	input.context.log_in.factor == "password"
	input.context.log_in.failures == "many"
}

_known_device if input.context.log_in.familiar == "device"

_bar(seconds) := {
	"id": "bar_log_in",
	"type": "ban",
	"properties": {"seconds": seconds, "reason": "wrong_passwords"},
}
