# METADATA
# title: Knowing less of a device allows no more
package invariants.monotone.device

order := [
	{"context.device.state": "fresh"},
	{"context.device.state": "stale"},
	{
		"context.device.state": "unknown",
		"context.device.match": "",
		"context.device.workstation": "",
		"context.device.tap": "",
	},
]
