# METADATA
# title: A barred address allows nothing
package invariants.monotone.address

member := "context.revocation.address"

order := ["clear", "barred"]
