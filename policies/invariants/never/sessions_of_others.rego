# METADATA
# title: No account lists or ends the sessions of another
package invariants.never.sessions_of_others

violated if {
	data.records.rows.include
	input.action.name in {"account.read", "session.end", "session.list"}
	not input.session.account == input.subject.id
}
