# METADATA
# title: A second factor that is owed allows nothing
package invariants.monotone.owed

member := "context.revocation.step_up"

order := ["none", "owed"]
