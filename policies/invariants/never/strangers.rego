# METADATA
# title: Without a session there is no more than what is public
package invariants.never.strangers

violated if {
	data.authz.answer.decision
	not input.context.credential.state in {"valid", "delegated"}
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
