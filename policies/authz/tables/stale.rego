package authz.tables

# METADATA
# title: Who may still read on-site while nobody can say who is cut off
# description: |
#   The revocation list is stale when neither the database nor the feed that
#   repeats it has answered for two seconds. Then everybody gets 503, but the
#   roles that a row names: on-site, they may read what they may read anyway,
#   for so many minutes (1 to 60) after the last word, as {"doctor": 5}. Somebody
#   who was cut off in these minutes is not recognised; who was known before is.
#   Every such reading is journalled, with the list's state and age.
stale_revocation_reads := {}
