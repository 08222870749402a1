# METADATA
# title: No machine acts with a person's record
package invariants.never.machines_with_records

violated if {
	data.authz.answer.decision
	input.subject.type == "machine"
	input.subject.properties.staff != ""
}

violated if {
	data.authz.answer.decision
	input.subject.type == "machine"
	input.subject.properties.patient != ""
}
