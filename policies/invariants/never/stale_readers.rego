# METADATA
# title: Only who treats reads under a stale list of revocations, and for a quarter of an hour at most
package invariants.never.stale_readers

violated if {
	some role, minutes in data.authz.tables.stale_revocation_reads
	_wrong(role, minutes)
}

_wrong(role, _) if data.authz.tables.roles[role].kind != "staff"

_wrong(_, minutes) if minutes > 15
