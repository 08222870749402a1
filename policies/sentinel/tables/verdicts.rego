package sentinel.tables

# METADATA
# title: What each verdict does, for how long, and whom it tells
# description: |
#   An address of the hospital's own networks is never barred: whole wards share one.
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
