# METADATA
# title: What a barred address may still do
# description: |
#   An address is barred for what strangers did there. Whoever has a session
#   goes on working, and a device that the account has signed in from signs in:
#   a stranger must not be able to lock anybody out. Everything else that needs
#   no session is closed. The policy administrator asks before it looks at a
#   password, and says which device it is that asks.
# custom:
#   sp800_207: "2.1, tenets 4 and 7"
#   iso_27001: "A.8.16, monitoring activities; A.8.5, secure authentication"
package authz.rules.addresses

import data.authz.ask

# METADATA
# title: The address is barred, for whoever has no session
deny contains "address_barred" if {
	ask.public
	not _judged_with_its_device
	not _clear
}

# METADATA
# title: The address is barred, for devices that the account does not know
deny contains "address_barred" if {
	input.action.name in {"log_in.begin", "session.create"}
	not _clear
	not input.context.log_in.familiar == "device"
}

# These are put before the policy again, or have a credential of their own; the page
# on which one of them begins tells nothing.
_judged_with_its_device if {
	input.action.name in {
		"log_in.attempt",
		"log_in.begin",
		"log_in.fail",
		"machine.log_in",
		"page.show",
		"session.continue",
		"session.create",
		"session.redeem",
		"session.refresh",
	}
}

_clear if input.context.revocation.address == "clear"
