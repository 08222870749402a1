# METADATA
# title: Being off-site allows no more than being on-site
package invariants.monotone.place

member := "context.location.place"

order := ["on_site", "off_site"]
