# METADATA
# title: An account that is not active does nothing that needs a session
package invariants.never.inactive_accounts

violated if {
	data.authz.answer.decision
	not input.subject.properties.account == "active"
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
