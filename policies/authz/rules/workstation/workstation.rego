# METADATA
# title: What is done at a ward's workstation alone
# description: |
#   Badge and PIN are weaker than a log-in. They count where the machine is one that an
#   officer has registered, and stands in the hospital's own network.
# custom:
#   sp800_207: "2.1, tenet 5: integrity and security posture of the asset"
#   hipaa: "45 CFR 164.310(b), workstation use"
package authz.rules.workstation

import data.authz.ask
import data.authz.tables

# METADATA
# title: Not at a registered workstation, or not on-site
deny contains "workstation_required" if {
	tables.at_workstation[input.action.name]
	not ask.at_workstation
}
