package authz.tables

# METADATA
# title: Numbers that turn measured facts into words that rules read
# description: The decision point reads this table at load and buckets with it.
thresholds := {
	"elevation_seconds": 300, # how long a step-up counts
	"denials_many": 20, # denials of one subject in ten minutes
	"failed_log_ins_many": 10, # failed log-ins from one address in ten minutes
	"day_begins": 6, # hour of the hospital's clock
	"day_ends": 22,
	"time_zone": "UTC",
}

# METADATA
# title: The hospital's own networks; every other address is off-site
networks := {"hospital": ["127.0.0.1/32", "::1/128"]}

# METADATA
# title: Rights that need a fresh factor
step_up := {
	"Edit clinical services",
	"Delete clinical services",
	"Delete patient",
	"Second factors",
}

# METADATA
# title: Rights that need a fresh factor when they are used off-site
step_up_off_site := {
	"Add patient",
	"Add clinical services",
	"Complete clinical services",
}

# METADATA
# title: The name of the assurance level that a step-up gives (RFC 9470)
step_up_acr := "urn:wardgate:acr:stepped-up"
