# METADATA
# title: What is being asked
# description: |
#   Words that several rules share: the right that the action needs, how far the
#   subject's role reaches with it, and whether the action changes anything.
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
