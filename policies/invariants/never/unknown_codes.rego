# METADATA
# title: Every reason is one that the enforcement point can explain
package invariants.never.unknown_codes

violated if {
	some code in data.authz.answer.context.reasons
	not data.authz.tables.reasons[code]
}
