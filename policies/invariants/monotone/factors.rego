# METADATA
# title: One factor allows no more than two
package invariants.monotone.factors

member := "context.credential.factors"

order := ["two", "one"]
