# METADATA
# title: Being taken from a workstation allows no more
package invariants.monotone.workstation

order := [
	{"context.device.workstation": "registered", "context.device.tap": "none"},
	{"context.device.workstation": "elsewhere", "context.device.tap": ""},
]
