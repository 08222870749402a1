# METADATA
# title: Where the sentinel asks for a second factor, nothing else is done before off-site
package invariants.never.owed_step_up

violated if {
	data.authz.answer.decision
	input.context.revocation.step_up == "owed"
	not input.context.credential.elevation == "fresh"
	not input.context.location.place == "on_site"
	not input.action.name in (_public | {"session.elevate", "session.end"})
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
