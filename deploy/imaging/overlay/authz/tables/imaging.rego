package authz.tables

# METADATA
# title: Who may do what with images
# custom: {adds_rows: true}
rights := {
	"View images": {"doctor": "any", "nurse": "any"},
	"Add images": {"doctor": "any"},
}

# METADATA
# title: What can be done with images
# description: |
#   All of it waits for a fresh list of revocations ("changes"), looking at them too:
#   doctors and nurses go on under a stale list with delivered actions alone
#   (never/old_revocations).
# custom: {adds_rows: true}
actions := {
	"imaging.view": {"right": "View images", "changes": true},
	"imaging.find": {"right": "View images", "changes": true},
	"imaging.add": {"right": "Add images", "changes": true},
}

# METADATA
# title: What requests to the imaging server mean
# description: |
#   Everything that is only looked at, by one row; of what changes something, searching and
#   adding. Deleting, anonymising, sending elsewhere and scripts have no row, and stay closed.
#   The list of images has a row because it is one slash away from where they are added.
# custom: {adds_rows: true}
routes := [
	{"method": "GET", "path": "/", "application": "imaging", "action": "imaging.view", "resource": "image", "body": "none"},
	{"method": "GET", "path": "/{rest...}", "application": "imaging", "action": "imaging.view", "resource": "image", "body": "none"},
	{"method": "POST", "path": "/tools/find", "application": "imaging", "action": "imaging.find", "resource": "image", "body": "any"},
	{"method": "GET", "path": "/instances", "application": "imaging", "action": "imaging.view", "resource": "image", "body": "none"},
	{"method": "POST", "path": "/instances/", "application": "imaging", "action": "imaging.add", "resource": "image", "body": "stream", "limit": 1073741824},
]
