# METADATA
# title: A password or a code is guessed ten times at most before log-ins are barred
package invariants.never.guesses

violated if {
	some limit in ["wrong_passwords", "code_attempts", "known_device_wrong_passwords"]
	data.authz.tables.limits[limit] > 10
}
