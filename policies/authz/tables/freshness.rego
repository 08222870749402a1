package authz.tables

# METADATA
# title: How old is too old, by information point
# description: |
#   The decision point believes no fact more than its row says: older than the
#   first number it is stale, older than the second unknown. What stale and
#   unknown mean for an action is for each rule to say; an outage drill for each
#   information point stands in authz/drills.
# custom:
#   sp800_207: "2.1, tenets 4 and 7: current state, from data that is current"
freshness := {
	# information point      seconds              seconds
	"identity": {"stale_after": 5, "unknown_after": 30},
	"revocation": {"stale_after": 2, "unknown_after": 3600}, # stale still denies but for stale_revocation_reads
	"device": {"stale_after": 5, "unknown_after": 30},
	"location": {"stale_after": 5, "unknown_after": 30},
	"care": {"stale_after": 2, "unknown_after": 30},
	"signals": {"stale_after": 5, "unknown_after": 60},
}
