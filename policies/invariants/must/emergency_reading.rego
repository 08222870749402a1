# METADATA
# title: A treating doctor whose application states an emergency reads on-site at any hour
package invariants.must.emergency_reading

when if {
	input.subject.type == "user"
	input.subject.properties.account == "active"
	input.context.credential.state == "delegated"
	input.context.identity.state == "fresh"
	input.context.revocation.state == "fresh"
	input.context.revocation.session == "clear"
	input.context.revocation.subject == "clear"
	input.context.device.state == "fresh"
	input.context.device.match == "unseen"
	input.context.location.state == "fresh"
	input.context.location.place == "on_site"
	input.context.time.state == "fresh"
	input.context.time.period in {"day", "night"}
	input.context.signals.requests != "many"
	input.context.claims.purpose == "emergency"
	input.subject.properties.role == "doctor"
	input.action.name in {"patient.read", "service.list"}
	input.context.care.state == "fresh"
	input.context.care.treats
}

then if {
	data.authz.answer.decision
}
