# METADATA
# title: A ban allows nothing
package invariants.monotone.subject

member := "context.revocation.subject"

order := ["clear", "banned"]
