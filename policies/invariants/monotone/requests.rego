# METADATA
# title: More requests allow no more
package invariants.monotone.requests

member := "context.signals.requests"

order := ["usual", "many"]
