package authz.tables

# METADATA
# title: Who may still read on-site while nobody can say who is cut off
# description: |
#   The revocation list is stale when neither the database nor the feed that
#   repeats it has answered for two seconds. Then everybody gets 503, but the
#   roles that a row names: on-site, they may read what they may read anyway,
#   for so many minutes (1 to 60) after the last word. Somebody
#   who was cut off in these minutes is not recognised; who was known before is.
#   The same roles read on, on-site, while ID management is stale (see freshness).
#   Every such reading is journalled, with the list's state and age. An empty table
#   permits no reading.
stale_revocation_reads := {
	# A doctor or nurse at a bed needs allergies and orders now. Databases that
	# fail over are back within five minutes; what lasts longer is for people, who
	# then work by paper. The one risk is a clinician dismissed within these five
	# minutes who still stands in the building.
	"doctor": 5,
	"nurse": 5,
	# No row for patients (nothing of theirs is urgent for the minutes of an
	# outage), officers, auditors and machines (what they read treats no patient).
}
