# METADATA
# title: No session is ended for a slip at what treatment is made of
package invariants.never.revoking_slips

violated if {
	some duty in data.authz.answer.context.obligations
	duty.id == "revoke_session"
	input.action.name in {"patient.add", "service.add", "service.complete"}
}
