# METADATA
# title: The console is used on-site
# description: Which role has it is in the table of rights, and that it needs a fresh factor in that of step-ups.
# custom:
#   sp800_207: "2.1, tenet 3: least privilege, for administrators too"
#   iso_27001: "A.8.2, privileged access rights"
package authz.rules.console

import data.authz.ask

# METADATA
# title: The console is asked for from elsewhere, or from nobody knows where
deny contains "console_off_site" if {
	ask.right == "Console"
	not _on_site
}

_on_site if {
	input.context.location.state == "fresh"
	input.context.location.place == "on_site"
}
