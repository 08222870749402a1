package authz.tables

# METADATA
# title: Numbers that turn measured facts into words that rules read
# description: The decision point reads this table at load and buckets with it.
thresholds := {
	"elevation_seconds": 300, # how long a step-up counts
	"tap_seconds": 300, # how long badge and PIN at a registered workstation count; 0 never
	"requests_many": 3000, # requests of one stranger's address in a minute; the table quotas goes by it too
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
# title: Actions that need a fresh factor, whatever the right needs
step_up_actions := {
	"device.forget",
	"pass.confirm",
	"pass.propose",
	"user.approve",
	"user.change",
	"user.disable",
	"user.enable",
	"user.issue_pass",
	"user.link",
	"user.remove_factor",
	"user.set_badge",
	"user.unlink",
	"workstation.register",
	"workstation.remove",
}

# METADATA
# title: Actions of step_up_actions that a role takes by its own credential alone
# description: |
#   For machines of the hospital, such as its system of personnel, which have a key
#   and no second factor. Without a row, only people approve and link.
step_up_by_credential := {
	"user.approve": {"machine"},
	"user.link": {"machine"},
}

# METADATA
# title: Actions for which the fresh factor has to be one of these
# description: |
#   By the words of the token's amr: pop is a passkey, otp an authenticator app, email a
#   code by mail, recovery a recovery code. A factor is removed by one that its owner
#   carries, never by a mailbox or a sheet of paper.
step_up_by := {"factor.remove": {"otp", "pop"}}

# METADATA
# title: Rights that need a factor which resists phishing, at the log-in or the last step-up
# description: |
#   A passkey: its answer is of one origin alone, and worth nothing to a page that
#   imitates it. Where a fresh one is meant, the right stands in step_up too. As
#   delivered nothing needs one. "Second factors" and "Own account" cannot: a person
#   without a passkey could add none.
phishing_resistant := set()

# METADATA
# title: The words of the token's amr for factors that resist phishing
phishing_resistant_amr := {"pop"}

# METADATA
# title: The name of that assurance level (OpenID Connect EAP ACR Values)
phishing_resistant_acr := "phr"

# METADATA
# title: Actions that are for registered workstations on-site alone
at_workstation := {"session.resume"}

# METADATA
# title: Rights for which badge and PIN at a registered workstation on-site are the fresh factor
# description: |
#   They count for tap_seconds, in the place of a step-up that the right or an action of
#   it needs. A factor that the sentinel asked for, and one that has to be of a kind by
#   the table step_up_by, is met by a step-up alone. Administration cannot stand here.
tap_opens := {
	"Edit clinical services",
	"Delete clinical services",
}

# METADATA
# title: The name of the assurance level of a session that began with a pass
pass_acr := "urn:wardgate:acr:pass"

# METADATA
# title: Actions that a pass opens without a fresh factor
# description: A person who lost the second factor has none to show, and adds another.
pass_opens := {"factor.add"}

# METADATA
# title: The name of the assurance level that a step-up gives (RFC 9470)
step_up_acr := "urn:wardgate:acr:stepped-up"
