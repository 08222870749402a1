# Other enforcement points ask the decision point by its API, and may tell more
# of a request than this house can know. Two tables say what is heard, and of
# whom. All else that they say is not part of the input.
package authz.tables

# METADATA
# title: What a caller may tell, where it stands in the question, and in which words
# description: |
#   What is said in other words comes to the rules as "other", and what is said
#   elsewhere is not heard. Each claim that rules read stands in the schema of the
#   input too, under context.claims, with the word "other".
claims := {
	# claim       where the caller writes it          the words
	"purpose": {"at": "context.purpose", "words": {"treatment", "emergency", "payment", "operations"}},
	"elevation": {"at": "context.elevation", "words": {"fresh"}},
}

# METADATA
# title: Which caller is believed about what
# description: |
#   By how the caller proved itself and its name: "token" and the name in
#   pdp.callers ("default" is the token in the data folder), or "certificate" and
#   the one URI or DNS name in it. "address" and "user_agent" are what it says of
#   the client; without an address nobody knows the place, and that denies. Whoever
#   stands in no row is believed about nothing.
#   "elevation": the caller has itself just had the subject prove a fresh factor.
callers := {
	"token": {"default": {"address", "user_agent", "purpose"}},
	"certificate": {},
}

# METADATA
# title: The purposes that each right serves
# description: A caller that states another purpose is denied, and so is one that states any for a right without a row.
purposes := {
	"Responsible Patients": {"treatment", "operations"},
	"Patient Health overview": {"treatment", "emergency"},
	"Patient clinical services": {"treatment", "emergency", "payment"},
	"Add patient": {"treatment", "emergency"},
	"Delete patient": {"operations"},
	"Add clinical services": {"treatment", "emergency"},
	"Edit clinical services": {"treatment", "emergency"},
	"Delete clinical services": {"treatment"},
	"Complete clinical services": {"treatment", "emergency"},
	"Billing and Finance": {"payment"},
	"Predictions": {"treatment", "emergency"},
}
