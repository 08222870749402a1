# METADATA
# title: Knowing less of a place allows no more
package invariants.monotone.location

order := [
	{"context.location.state": "fresh"},
	{"context.location.state": "stale"},
	{"context.location.state": "unknown", "context.location.place": "", "context.location.country": ""},
]
