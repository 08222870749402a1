# METADATA
# title: A session that was ended allows nothing
package invariants.monotone.session

member := "context.revocation.session"

order := ["clear", "revoked"]
