# METADATA
# title: An older list of revocations allows no more
package invariants.monotone.revocation

order := [
	{"context.revocation.state": "fresh"},
	{"context.revocation.state": "stale", "context.revocation.stale_for": "short"},
	{"context.revocation.state": "stale", "context.revocation.stale_for": "long"},
	{"context.revocation.state": "unknown", "context.revocation.stale_for": ""},
]
