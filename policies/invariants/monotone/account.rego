# METADATA
# title: An account that is not active allows no more
package invariants.monotone.account

member := "subject.properties.account"

order := ["active", "pending", "disabled"]
