# METADATA
# title: Reading more patients allows no more
package invariants.monotone.patients

member := "context.signals.patients"

order := ["usual", "many", "far_more"]
