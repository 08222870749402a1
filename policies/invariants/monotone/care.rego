# METADATA
# title: Knowing less of who treats a patient allows no more
package invariants.monotone.care

order := [
	{"context.care.state": "fresh"},
	{"context.care.state": "stale"},
	{
		"context.care.state": "unknown",
		"context.care.treats": false,
		"context.care.same_department": false,
		"context.care.own": false,
	},
]
