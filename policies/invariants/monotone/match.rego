# METADATA
# title: Another device allows no more
package invariants.monotone.match

member := "context.device.match"

order := ["same", "changed"]
