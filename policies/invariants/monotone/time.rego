# METADATA
# title: Not knowing the time allows no more
package invariants.monotone.time

order := [
	{"context.time.state": "fresh"},
	{"context.time.state": "unknown", "context.time.period": ""},
]
