# METADATA
# title: A passkey is two factors, the key and what its authenticator knows its user by
package authz.assume.passkey

impossible if {
	some word in split(input.context.credential.amr, " ")
	word == "pop"
	input.context.credential.factors != "two"
}
