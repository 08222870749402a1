# METADATA
# title: At night accounts are administered from elsewhere after a fresh second factor only
package invariants.never.officers_at_night

violated if {
	data.authz.answer.decision
	input.subject.properties.role == "security"
	input.action.name in {"user.approve", "user.ban", "user.change", "user.disable", "user.enable", "user.link", "user.remove_factor", "user.revoke", "user.unban", "user.unlink"}
	not input.context.time.period == "day"
	not input.context.location.place == "on_site"
	not input.context.credential.elevation == "fresh"
	not input.context.claims.elevation == "fresh"
}
