# METADATA
# title: A device that the account does not know allows no more
package invariants.monotone.familiar

member := "context.log_in.familiar"

order := ["device", "network", "none"]
