# METADATA
# title: Not treating allows no more
package invariants.monotone.treats

member := "context.care.treats"

order := [true, false]
