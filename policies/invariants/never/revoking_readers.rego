# METADATA
# title: No session is ended for a request that only reads
package invariants.never.revoking_readers

violated if {
	some duty in data.authz.answer.context.obligations
	duty.id == "revoke_session"
	not data.authz.tables.actions[input.action.name].changes
}
