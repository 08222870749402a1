package authz.tables

# METADATA
# title: What people or time can change about a situation
# description: |
#   After a denial, an explanation asks the rules again with these changes, and
#   reports the smallest set with which they allow. A row is no advice by
#   itself: what does not help is not reported.
#     title  how the change is called
#     when   the words of which one must stand there now for the change to be possible
#     set    what would stand there afterwards
#   Who asks, in which role, and for what is the question: no row may change it.
remedies := [
	# the requester
	{"title": "a step-up", "when": {"/context/credential/state": ["valid"]}, "set": {
		"/context/credential/acr": step_up_acr,
		"/context/credential/elevation": "fresh",
	}},
	{"title": "logging in again", "when": {"/subject/type": ["user"]}, "set": {
		"/context/credential/state": "valid",
		"/context/credential/factors": "two",
		"/context/revocation/session": "clear",
		"/context/device/match": "same",
		"/context/location/drift": "",
	}},
	{"title": "proving a second factor", "when": {"/action/name": ["session.create"]}, "set": {"/context/credential/factors": "two"}},
	{
		"title": "logging in from a device that the account has used before",
		"when": {"/action/name": ["session.create"]},
		"set": {"/context/log_in/familiar": "device"},
	},
	{"title": "being on-site", "set": {"/context/location/place": "on_site"}},
	# the hospital
	{"title": "being assigned to this patient", "when": {"/subject/properties/role": ["doctor"]}, "set": {"/context/care/treats": true}},
	{
		"title": "the patient being in this department",
		"when": {"/subject/properties/role": ["nurse"]},
		"set": {"/context/care/same_department": true},
	},
	{"title": "the account being approved", "when": {"/subject/properties/account": ["pending"]}, "set": {"/subject/properties/account": "active"}},
	# time
	{"title": "waiting until the ban ends", "when": {"/context/revocation/subject": ["banned"]}, "set": {"/context/revocation/subject": "clear"}},
	{
		"title": "waiting until log-ins are no longer barred",
		"when": {"/context/revocation/log_in": ["barred"]},
		"set": {"/context/revocation/log_in": "clear"},
	},
	{"title": "waiting for the day", "when": {"/context/time/period": ["night"]}, "set": {"/context/time/period": "day"}},
	{
		"title": "waiting until the recent denials are over",
		"when": {"/context/signals/denials": ["many"]},
		"set": {"/context/signals/denials": "usual"},
	},
	{
		"title": "waiting until the recent failed log-ins are over",
		"when": {"/context/signals/failed_log_ins": ["many"]},
		"set": {"/context/signals/failed_log_ins": "usual"},
	},
	{
		"title": "asking less often for a minute",
		"when": {"/context/signals/requests": ["many"]},
		"set": {"/context/signals/requests": "usual"},
	},
	{
		"title": "reading of fewer patients for ten minutes",
		"when": {"/context/signals/patients": ["many", "far_more"]},
		"set": {"/context/signals/patients": "usual"},
	},
	{
		"title": "asking the models less often for ten minutes",
		"when": {"/context/signals/predictions": ["many"]},
		"set": {"/context/signals/predictions": "usual"},
	},
	{
		"title": "waiting until the bar on the address ends",
		"when": {"/context/revocation/address": ["barred"]},
		"set": {"/context/revocation/address": "clear"},
	},
	_back("ID management", "identity"),
	_back("the revocation list", "revocation"),
	_back("the comparison of devices", "device"),
	_back("the location", "location"),
	_back("the register of who treats whom", "care"),
	_back("the signals", "signals"),
]

# _back is an information point that answers again.
_back(name, section) := {
	"title": sprintf("waiting until %s answers again", [name]),
	"when": {path: ["unknown", "stale"]},
	"set": {path: "fresh"},
} if {
	path := sprintf("/context/%s/state", [section])
}
