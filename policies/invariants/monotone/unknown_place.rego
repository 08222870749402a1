# METADATA
# title: A place that is not known allows no more than being off-site
package invariants.monotone.unknown_place

order := [
	{"context.location.place": "off_site"},
	{"context.location.state": "unknown", "context.location.place": "", "context.location.country": ""},
]
