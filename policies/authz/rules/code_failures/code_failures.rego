# METADATA
# title: Wrong one-time codes bar new log-ins for a while
# description: |
#   Asked by the policy administrator after a wrong code at log-in. Whoever
#   guesses codes has the password already. Wrong codes of a step-up or of a
#   forgotten password end their challenge and bar nobody.
# custom:
#   sp800_207: "2.1, tenet 6"
#   iso_27001: "A.8.5, secure authentication"
package authz.rules.code_failures

import data.authz.tables

# METADATA
# title: The challenge is worn out
oblige contains {
	"id": "bar_log_in",
	"type": "ban",
	"properties": {"seconds": tables.limits.code_bar_seconds, "reason": "wrong_codes"},
} if {
	input.action.name == "log_in.fail"
	input.context.log_in.factor == "code"
	input.context.log_in.failures == "many"
}
