package authz.tables

# METADATA
# title: Numbers that turn measured facts into words that rules read
# description: The decision point reads this table at load and buckets with it.
thresholds := {
	"elevation_seconds": 300, # how long a step-up counts
	"requests_many": 3000, # requests of one subject, or of one stranger's address, in a minute
	"denials_many": 20, # denials of one subject in ten minutes
	"failed_log_ins_many": 10, # failed log-ins from one address in ten minutes
	"patients_many": 120, # distinct patients whose data one subject got in ten minutes
	"patients_far_more": 400,
	# ... and as many times the subject's own busy hour, from a floor on
	"patients_habit_floor": 20,
	"patients_many_times": 3,
	"patients_far_more_times": 10,
	"predictions_many": 300, # requests to the models in ten minutes
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
	"Console",
	"Read journal",
	"Read rule book",
	"Read reports",
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
