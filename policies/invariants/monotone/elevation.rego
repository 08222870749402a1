# METADATA
# title: A second factor that has expired allows no more
package invariants.monotone.elevation

member := "context.credential.elevation"

order := ["fresh", "expired", "none"]
