# METADATA
# title: Barred log-ins allow nothing
package invariants.monotone.log_in

member := "context.revocation.log_in"

order := ["clear", "barred"]
