# METADATA
# title: A session is not used from another device
package invariants.never.other_devices

violated if {
	data.authz.answer.decision
	input.context.device.match == "changed"
	not input.action.name in _public
}

_public := {
	"account.forgot",
	"account.reset",
	"account.sign_up",
	"account.verify",
	"demo.outbox",
	"key.list",
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
