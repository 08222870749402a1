package authz.tables

# METADATA
# title: How much one subject may ask of each of Wardgate's own services
# description: |
#   In requests a minute, as many of them at once; a row of routes may have a weight
#   (1 to 1000), which is how many requests it counts as. Beyond it the enforcement
#   point answers 429 quota_exceeded with Retry-After, for that service alone:
#   nothing else of the subject is affected, and nothing is held against it. A
#   service without a row has no quota. Other
#   applications have quota and weight in applications of the configuration.
quotas := {
	"records": thresholds.requests_many * 10, # no ward comes near: only a program that runs away is slowed down
	"inference": thresholds.requests_many, # each is a computation
	"admin": thresholds.requests_many,
	"console": thresholds.requests_many,
	"signals": thresholds.requests_many, # of up to 500 events each
	"keys": thresholds.requests_many,
	"demo": thresholds.requests_many,
}
