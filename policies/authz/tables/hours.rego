package authz.tables

# METADATA
# title: Which rights need more outside of the day's hours
# description: |
#   Nothing that treats a patient stands here: a hospital works at night. The
#   hours are those of thresholds. The words say what is needed at night:
#     step_up           a fresh factor
#     step_up_off_site  a fresh factor, unless on-site
#     on_site           to be on-site
#     day               to wait for the day
hours := {
	# right                 role
	"Manage users": {"security": "step_up_off_site"},
	"Restore patient": {"security": "on_site"},
	"Console": {"security": "step_up"},
}

# METADATA
# title: Rights that no row of hours may limit for those who treat patients
always := {
	"Responsible Patients",
	"Patient Health overview",
	"Patient clinical services",
	"Complete clinical services",
}
