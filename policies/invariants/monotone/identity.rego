# METADATA
# title: Knowing less of an account allows no more
package invariants.monotone.identity

member := "context.identity.state"

order := ["fresh", "stale", "unknown"]
