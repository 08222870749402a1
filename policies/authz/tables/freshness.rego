package authz.tables

# METADATA
# title: How old is too old, by information point
# description: |
#   The decision point believes no fact more than its row says: older than the
#   first number it is stale, older than the second unknown. What stale and
#   unknown mean for an action is for each rule to say; an outage drill for each
#   information point stands in authz/scenarios/outages_test.rego.
# custom:
#   sp800_207: "2.1, tenets 4 and 7: current state, from data that is current"
freshness := {
	# information point      seconds              seconds
	"identity": {"stale_after": 5, "unknown_after": 300}, # stale still denies but for stale_revocation_reads
	"revocation": {"stale_after": 2, "unknown_after": 3600}, # stale still denies but for stale_revocation_reads
	"device": {"stale_after": 5, "unknown_after": 30},
	"location": {"stale_after": 5, "unknown_after": 30},
	"care": {"stale_after": 2, "unknown_after": 30},
	"signals": {"stale_after": 5, "unknown_after": 60},
}

# METADATA
# title: Which changes go on while behaviour is not known, and why
# description: |
#   Signals are stale or unknown while telemetry is out. A right without a row waits
#   until they are back (503 signals_unknown). Decisions keep the state of signals
#   in their record, so that what was done unwatched is found afterwards.
goes_on_without_signals := {
	"Add patient": "a person who arrives is treated, whether or not telemetry works",
	"Add clinical services": "an order that waits is a treatment that waits",
	"Complete clinical services": "what was given is written down when it is given, or it is given twice",
	"Own account": "proving a fresh factor and ending the own session weaken nothing",
}

# METADATA
# title: Rights that go on for an emergency while behaviour is not known
# description: Where an enforcement point that is trusted about purposes states the purpose "emergency".
emergency_without_signals := {"Edit clinical services"}
