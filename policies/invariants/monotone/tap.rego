# METADATA
# title: Badge and PIN that are no longer fresh allow no more
package invariants.monotone.tap

member := "context.device.tap"

order := ["fresh", "expired", "none"]
