# METADATA
# title: Behaviour that is not known allows no more than usual behaviour
package invariants.monotone.signals

order := [
	{
		"context.signals.state": "fresh",
		"context.signals.requests": "usual",
		"context.signals.denials": "usual",
		"context.signals.failed_log_ins": "usual",
		"context.signals.patients": "usual",
		"context.signals.predictions": "usual",
	},
	{"context.signals.state": "stale"},
	{
		"context.signals.state": "unknown",
		"context.signals.requests": "",
		"context.signals.denials": "",
		"context.signals.failed_log_ins": "",
		"context.signals.patients": "",
		"context.signals.predictions": "",
	},
]
