# METADATA
# title: A session that was ended or has expired does nothing
package invariants.never.ended_sessions

violated if {
	data.authz.answer.decision
	input.context.credential.state in {"valid", "delegated"}
	input.context.revocation.session == "revoked"
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
