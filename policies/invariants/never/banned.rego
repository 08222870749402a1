# METADATA
# title: Who is banned does nothing that needs a session
package invariants.never.banned

violated if {
	data.authz.answer.decision
	input.context.revocation.subject == "banned"
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
