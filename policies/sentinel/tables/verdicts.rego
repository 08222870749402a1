package sentinel.tables

# METADATA
# title: What each verdict does, for how long, and whom it tells
# description: |
#   An address of the hospital's own networks is never barred: whole wards share one.
#   What a machine may do by itself, by kind of account, stands in by_machine, below: for staff
#   a row's ban becomes a step-up.
#     do          ban      the subject is cut off from everything
#                 bar      the address is closed to whoever has no session
#                 revoke   the subject's sessions end
#                 step_up  the subject owes a fresh factor for everything
#                 alert    nothing is done
#     seconds     how long it holds; the same verdict is not repeated meanwhile
#     tell        "mail", "webhook": where the configuration names one
#     alert_only  true: it only tells
verdicts := {
	"bulk_reading": {"do": "ban", "seconds": 3600, "tell": ["mail", "webhook"], "alert_only": false},
	"denied_often": {"do": "step_up", "seconds": 900, "tell": ["webhook"], "alert_only": false},
	"flood": {"do": "ban", "seconds": 900, "tell": ["webhook"], "alert_only": false},
	"impossible_travel": {"do": "ban", "seconds": 1800, "tell": ["mail", "webhook"], "alert_only": false},
	"odd_log_in": {"do": "step_up", "seconds": 900, "tell": ["mail", "webhook"], "alert_only": false},
	"reported": {"do": "ban", "seconds": 3600, "tell": ["mail", "webhook"], "alert_only": false},
	"reported_address": {"do": "bar", "seconds": 3600, "tell": ["webhook"], "alert_only": false},
	"spraying": {"do": "bar", "seconds": 1800, "tell": ["webhook"], "alert_only": false},
	"stranger_flood": {"do": "bar", "seconds": 900, "tell": ["webhook"], "alert_only": false},
}

# METADATA
# title: What the sentinel may do by itself, by who it is about
# description: |
#   The kinds are those of the table of roles; "address" is who has no session
#   there. A verdict whose row says something else asks for a step-up instead where
#   that is listed, and else only tells. An account whose kind is not known counts
#   as staff, and a kind without a row is only told of.
by_machine := {
	# An account that is cut off while a patient waits costs more than the minutes
	# until a person looks: people ban (POST /api/admin/users/{id}/ban).
	"staff": {"step_up", "alert"},
	"officer": {"step_up", "alert"},
	"auditor": {"step_up", "alert"},
	# No treatment waits for these.
	"patient": {"ban", "revoke", "step_up", "alert"},
	"machine": {"ban", "revoke", "alert"},
	"address": {"bar", "alert"},
}

# METADATA
# title: From which count on behaviour is "many"
thresholds := {
	"requests": 6000, # of one subject, or of one stranger's address, in a minute
	"denials": 60, # in ten minutes, as all below
	"sprayed_accounts": 12, # distinct accounts with failed log-ins from one address
	"patients": 600, # distinct patients
	"predictions": 1000,
}

# METADATA
# title: How many events of other systems in ten minutes count, by kind
external := {
	"failed_log_in": 5,
	"malware": 1,
}
