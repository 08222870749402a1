# METADATA
# title: What hashes a password or a code queues
package invariants.never.cheap_hashing

violated if {
	some action in [
		"account.forgot",
		"account.reset",
		"account.sign_up",
		"account.verify",
		"log_in.attempt",
		"session.elevate",
	]
	not action in data.authz.tables.costly
}
