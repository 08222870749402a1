# METADATA
# title: Every quota leaves room for people, ten requests a second
package invariants.never.starving_quotas

violated if {
	some quota in data.authz.tables.quotas
	quota < 600
}
