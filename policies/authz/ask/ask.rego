# METADATA
# title: What is being asked
# description: |
#   Words that several rules share: the right that the action needs, how far the
#   subject's role reaches with it, whether the action changes anything, and whether
#   a fresh factor was proven.
#   Each is undefined for what no table lists, and rules deny the undefined.
package authz.ask

import data.authz.tables

# METADATA
# title: The right that this action needs
right := tables.actions[input.action.name].right

# METADATA
# title: How far the subject's role reaches with that right
reach := tables.rights[right][input.subject.properties.role]

# METADATA
# title: Everybody may ask this, without a session
public if tables.rights[right].anyone == "public"

# METADATA
# title: The action changes something
changes if tables.actions[input.action.name].changes

# METADATA
# title: The subject has just proven a fresh factor, to this house
elevated if {
	input.context.credential.acr == tables.step_up_acr
	input.context.credential.elevation == "fresh"
}

# METADATA
# title: Another enforcement point, trusted about it, has just seen the subject prove one
# description: It meets no debt to this house.
elevated if {
	input.context.credential.state == "delegated"
	input.context.claims.elevation == "fresh"
	input.context.revocation.step_up == "none"
}
