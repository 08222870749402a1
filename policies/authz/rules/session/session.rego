# METADATA
# title: Whoever asks has a session
# description: |
#   A verified access token, or the word of an enforcement point elsewhere that
#   proved itself to the decision point; except for what everybody may ask.
# custom:
#   sp800_207: "2.1, tenet 6: authentication is enforced before access is allowed"
#   hipaa: "45 CFR 164.312(d), person or entity authentication"
package authz.rules.session

import data.authz.ask

# METADATA
# title: No valid token came with the request
deny contains "session_missing" if {
	not ask.public
	not _token_came
}

# METADATA
# title: The token is past its time
deny contains "token_expired" if {
	not ask.public
	input.context.credential.state == "expired"
}

# METADATA
# title: The token is forged, malformed or for somebody else
deny contains "token_invalid" if {
	not ask.public
	input.context.credential.state == "invalid"
}

_token_came if input.context.credential.state in {"valid", "expired", "invalid", "delegated"}
