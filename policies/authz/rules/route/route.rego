# METADATA
# title: Only what the tables name can be asked for
# description: An action without a row is denied, whoever asks.
# custom:
#   sp800_207: "2.1, tenet 1: all data sources and services are resources"
#   iso_27001: "A.5.15, access control: what is not expressly permitted is forbidden"
package authz.rules.route

import data.authz.ask

# METADATA
# title: The action stands in no table
deny contains "route_unknown" if not ask.right
