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
# title: The subject loses the session when its role never has the right
ends_session if tables.actions[input.action.name].ends_session

# METADATA
# title: Somebody of the staff treats patients of theirs, on-site
# description: |
#   What treats a patient stands in the table always. No quota, owed factor or
#   count of behaviour stands in the way of it: those are for alerts and people.
treating if {
	right in tables.always
	reach in {"own", "department"}
	tables.roles[input.subject.properties.role].kind == "staff"
	input.context.location.place == "on_site"
}

# METADATA
# title: The session is used at a registered workstation, on-site
at_workstation if {
	input.context.device.state == "fresh"
	input.context.device.workstation == "registered"
	input.context.location.place == "on_site"
}

# METADATA
# title: A reading on-site that may rest on what was known a while ago
# description: Which role may, and for how long, stands in the table stale_revocation_reads.
reads_on if {
	input.context.location.place == "on_site"
	tables.stale_revocation_reads[input.subject.properties.role]
	tables.actions[input.action.name].changes == false
}

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
