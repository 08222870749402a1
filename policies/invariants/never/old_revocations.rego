# METADATA
# title: Without a fresh list of revocations only what the table names is read, on-site
package invariants.never.old_revocations

violated if {
	data.authz.answer.decision
	not input.context.revocation.state == "fresh"
	not input.action.name in _public
	not _named
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

_named if {
	input.context.revocation.state == "stale"
	input.context.revocation.stale_for == "short"
	input.context.location.place == "on_site"
	data.authz.tables.stale_revocation_reads[input.subject.properties.role]
	input.action.name in {"patient.list", "patient.read", "service.list", "bill.list", "model.read", "model.predict", "account.read", "session.list", "user.list", "ban.list", "audit.read", "audit.verify", "policy.read", "report.read", "factor.read", "device.list", "notice.list"}
}
