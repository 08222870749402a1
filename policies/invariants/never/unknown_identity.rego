# METADATA
# title: Nothing is done in the name of an account of which nothing fresh is known
package invariants.never.unknown_identity

violated if {
	data.authz.answer.decision
	not input.context.identity.state == "fresh"
	not input.action.name in (_public | {"session.elevate"})
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
	input.context.identity.state == "stale"
	input.context.location.place == "on_site"
	data.authz.tables.stale_revocation_reads[input.subject.properties.role]
	not input.action.name in _changes
}

_changes := {
	"patient.add",
	"patient.delete",
	"patient.restore",
	"service.add",
	"service.complete",
	"service.delete",
	"service.edit",
}
