package authz.tables

# METADATA
# title: What people or time can change about a situation
# description: |
#   After a denial, an explanation asks the rules again with these changes, and
#   reports the smallest sets with which they allow. A row is no advice by
#   itself: what does not help is not reported.
#     title      how the change is called, by language
#     when       the words of which one must stand there before, for the change to
#                be possible
#     set        what would stand there afterwards
#     turns_out  of which one would stand there afterwards, and it is not known
#                before which: an explanation says with which of them the rules allow
#   Who asks, in which role, and for what is the question: no row may change it,
#   but of somebody who has no session (when /subject/type is anonymous), or whose
#   role is not known (when it is "").
remedies := [
	# the requester
	{"title": {"en": "a step-up", "ar": "تأكيد الهوية بعامل إضافي"}, "when": {"/context/credential/state": ["valid"]}, "set": {
		"/context/credential/acr": step_up_acr,
		"/context/credential/elevation": "fresh",
		"/context/credential/factors": "two",
	}},
	{
		"title": {"en": "badge and PIN", "ar": "البطاقة والرقم السري"},
		"when": {"/context/device/workstation": ["registered"]},
		"set": {"/context/device/tap": "fresh"},
	},
	{"title": {"en": "logging in again", "ar": "تسجيل الدخول من جديد"}, "when": {"/subject/type": ["user"]}, "set": {
		"/context/credential/state": "valid",
		"/context/credential/factors": "two",
		"/context/revocation/session": "clear",
		"/context/device/match": "same",
		"/context/location/drift": "",
	}},
	{
		"title": {"en": "proving a second factor", "ar": "إثبات عامل ثانٍ"},
		"when": {"/action/name": ["session.create"]},
		"set": {"/context/credential/factors": "two"},
	},
	{
		"title": {"en": "logging in from a device that the account has used before", "ar": "تسجيل الدخول من جهاز استُخدم بهذا الحساب من قبل"},
		"when": {"/action/name": ["session.create"]},
		"set": {"/context/log_in/familiar": "device"},
	},
	{"title": {"en": "being on-site", "ar": "الوجود داخل المستشفى"}, "set": {"/context/location/place": "on_site"}},
	{
		"title": {"en": "logging in", "ar": "تسجيل الدخول"},
		"when": {"/subject/type": ["anonymous"]},
		"set": {
			"/subject/type": "user",
			"/subject/id": "somebody",
			"/subject/properties/account": "active",
			"/subject/properties/staff": "somebody",
			"/subject/properties/patient": "somebody",
			"/subject/properties/department": "somewhere",
			"/context/credential/state": "valid",
			"/context/credential/amr": "pwd otp",
			"/context/credential/factors": "two",
			"/context/device/match": "same",
			"/context/care/state": "fresh",
		},
		"turns_out": object.union({"/subject/properties/role": _people}, _turning_out.care),
	},
	{
		"title": {"en": "a step-up with the authenticator app", "ar": "تأكيد الهوية بتطبيق المصادقة"},
		"when": {"/context/credential/state": ["valid"], "/action/name": [action | some action, _ in step_up_by]},
		"set": {
			"/context/credential/acr": step_up_acr,
			"/context/credential/amr": "pwd otp",
			"/context/credential/elevation": "fresh",
			"/context/credential/factors": "two",
		},
	},
	{
		"title": {"en": "a step-up with a passkey", "ar": "تأكيد الهوية بمفتاح مرور"},
		"when": {
			"/context/credential/state": ["valid"],
			"/action/name": [action | some action, row in actions; phishing_resistant[row.right]],
		},
		"set": {
			"/context/credential/acr": step_up_acr,
			"/context/credential/amr": "pop mfa",
			"/context/credential/elevation": "fresh",
			"/context/credential/factors": "two",
		},
	},
	# another enforcement point, which asks for its user
	{
		"title": {"en": "stating another purpose", "ar": "ذكر غرض آخر"},
		"when": {"/context/credential/state": ["delegated"], "/context/caller/name": _believed("purpose")},
		"turns_out": {"/context/claims/purpose": ["treatment", "emergency", "payment", "operations"]},
	},
	{
		"title": {"en": "the caller having a fresh factor proved", "ar": "أن يطلب النظام المتصل إثبات عامل جديد"},
		"when": {"/context/credential/state": ["delegated"], "/context/caller/name": _believed("elevation")},
		"set": {"/context/claims/elevation": "fresh"},
	},
	# the hospital
	{
		"title": {"en": "being assigned to this patient", "ar": "الإسناد إلى هذا المريض"},
		"when": {"/subject/properties/role": ["doctor"]},
		"set": {"/context/care/treats": true},
	},
	{
		"title": {"en": "the patient being in this department", "ar": "وجود المريض في هذا القسم"},
		"when": {"/subject/properties/role": ["nurse"]},
		"set": {"/context/care/same_department": true},
	},
	{
		"title": {"en": "the account being approved by an officer", "ar": "اعتماد مسؤول الأمن للحساب"},
		"when": {"/subject/properties/account": ["pending"]},
		"set": {"/subject/properties/account": "active"},
	},
	{
		"title": {"en": "the account being enabled by an officer", "ar": "تفعيل مسؤول الأمن للحساب"},
		"when": {"/subject/properties/account": ["disabled"]},
		"set": {"/subject/properties/account": "active"},
	},
	{
		"title": {"en": "an officer lifting the ban", "ar": "رفع مسؤول الأمن للحظر"},
		"when": {"/context/revocation/subject": ["banned"]},
		"set": {"/context/revocation/subject": "clear"},
	},
	# time
	{
		"title": {"en": "waiting until the ban ends", "ar": "الانتظار حتى ينتهي الحظر"},
		"when": {"/context/revocation/subject": ["banned"]},
		"set": {"/context/revocation/subject": "clear"},
	},
	{
		"title": {"en": "waiting until log-ins are no longer barred", "ar": "الانتظار حتى يُفتح تسجيل الدخول"},
		"when": {"/context/revocation/log_in": ["barred"]},
		"set": {"/context/revocation/log_in": "clear"},
	},
	{
		"title": {"en": "waiting for the day", "ar": "الانتظار حتى النهار"},
		"when": {"/context/time/period": ["night"]},
		"set": {"/context/time/period": "day"},
	},
	{
		"title": {"en": "waiting until the journey from the last log-in is possible", "ar": "الانتظار حتى يصبح السفر من موضع آخر دخول ممكنًا"},
		"when": {"/context/location/travel": ["impossible"]},
		"set": {"/context/location/travel": "possible"},
	},
	_quieter("denials", {"en": "waiting until the recent denials are over", "ar": "الانتظار حتى تنقضي حالات الرفض الأخيرة"}),
	_quieter("failed_log_ins", {
		"en": "waiting until the recent failed log-ins are over",
		"ar": "الانتظار حتى تنقضي محاولات الدخول الفاشلة الأخيرة",
	}),
	_quieter("requests", {"en": "asking less often for a minute", "ar": "تقليل الطلبات لدقيقة"}),
	_quieter("patients", {"en": "reading of fewer patients for ten minutes", "ar": "قراءة سجلات مرضى أقل لعشر دقائق"}),
	_quieter("predictions", {"en": "asking the models less often for ten minutes", "ar": "تقليل الطلبات من النماذج لعشر دقائق"}),
	{
		"title": {"en": "waiting until the bar on the address ends", "ar": "الانتظار حتى ينتهي حجب العنوان"},
		"when": {"/context/revocation/address": ["barred"]},
		"set": {"/context/revocation/address": "clear"},
	},
	# what is not known
	{
		"title": {"en": "waiting until the clock is right again", "ar": "الانتظار حتى تُضبط الساعة"},
		"when": {"/context/time/state": ["unknown"]},
		"set": {"/context/time/state": "fresh"},
		"turns_out": {"/context/time/period": ["day", "night"]},
	},
	{
		"title": _silent.identity,
		"when": {"/context/identity/state": ["unknown"], "/subject/properties/role": [""]},
		"set": {
			"/context/identity/state": "fresh",
			"/subject/properties/staff": "somebody",
			"/subject/properties/patient": "somebody",
			"/subject/properties/department": "somewhere",
		},
		"turns_out": {
			"/subject/properties/account": ["active", "pending", "disabled"],
			"/subject/properties/role": [role | some role, _ in roles],
		},
	},
	_renewed("identity", ["stale", "unknown"]),
	{
		"title": _silent.revocation,
		"when": {"/context/revocation/state": ["stale"]},
		"set": {"/context/revocation/state": "fresh", "/context/revocation/stale_for": ""},
	},
	_renewed("device", ["stale"]),
	_renewed("location", ["stale"]),
	_renewed("care", ["stale"]),
	_renewed("signals", ["stale"]),
	_back("revocation"),
	_back("device"),
	_back("location"),
	_related("staff", ["treats", "same_department"]),
	_related("patient", ["own"]),
	_back("signals"),
]

# _quieter is behaviour that is as usual again.
_quieter(signal, title) := {"title": title, "when": {path: ["many", "far_more"]}, "set": {path: "usual"}} if {
	signal == "patients"
	path := sprintf("/context/signals/%s", [signal])
}

_quieter(signal, title) := {"title": title, "when": {path: ["many"]}, "set": {path: "usual"}} if {
	signal != "patients"
	path := sprintf("/context/signals/%s", [signal])
}

# _renewed is an information point that answers again, and says what it said before.
_renewed(section, states) := {"title": _silent[section], "when": {path: states}, "set": {path: "fresh"}} if {
	path := sprintf("/context/%s/state", [section])
}

# _back is an information point that answers again, where nothing is known of what it
# will say.
_back(section) := {
	"title": _silent[section],
	"when": {path: ["unknown"]},
	"set": {path: "fresh"},
	"turns_out": _turning_out[section],
} if {
	path := sprintf("/context/%s/state", [section])
}

# _related is the register that answers again: of staff it says which patients they treat, and of a
# patient which record is the own one.
_related(record, members) := {
	"title": _silent.care,
	"when": {
		"/context/care/state": ["unknown"],
		"/subject/properties/role": [role | some role, row in roles; row.record == record],
	},
	"set": {"/context/care/state": "fresh"},
	"turns_out": {path: values |
		some path, values in _turning_out.care
		some member in members
		endswith(path, member)
	},
}

_silent := {
	"identity": {"en": "waiting until ID management answers again", "ar": "الانتظار حتى تجيب إدارة الهويات من جديد"},
	"revocation": {"en": "waiting until the revocation list answers again", "ar": "الانتظار حتى تجيب قائمة الإلغاء من جديد"},
	"device": {"en": "waiting until the comparison of devices answers again", "ar": "الانتظار حتى تجيب مقارنة الأجهزة من جديد"},
	"location": {"en": "waiting until the location answers again", "ar": "الانتظار حتى يُعرف الموقع من جديد"},
	"care": {"en": "waiting until the register of treatment answers again", "ar": "الانتظار حتى يجيب سجل المعالجين من جديد"},
	"signals": {"en": "waiting until the signals answer again", "ar": "الانتظار حتى تجيب الإشارات من جديد"},
}

_turning_out := {
	"revocation": {
		"/context/revocation/session": ["clear", "revoked"],
		"/context/revocation/subject": ["clear", "banned"],
		"/context/revocation/log_in": ["clear", "barred"],
		"/context/revocation/address": ["clear", "barred"],
		"/context/revocation/step_up": ["none", "owed"],
	},
	"device": {
		"/context/device/match": ["same", "changed"],
		"/context/device/workstation": ["none", "elsewhere"],
	},
	"location": {"/context/location/place": ["on_site", "off_site"]},
	"care": {
		"/context/care/treats": [true, false],
		"/context/care/same_department": [true, false],
		"/context/care/own": [true, false],
	},
	"signals": {
		"/context/signals/requests": ["usual", "many"],
		"/context/signals/denials": ["usual", "many"],
		"/context/signals/failed_log_ins": ["usual", "many"],
		"/context/signals/patients": ["usual", "many", "far_more"],
		"/context/signals/predictions": ["usual", "many"],
	},
}

# _people are the roles in which somebody logs in.
_people := [role | some role, row in roles; row.kind != "machine"]

# _believed are the callers that the table of callers believes about something.
_believed(what) := [name |
	some _, names in callers
	some name, claims in names
	what in claims
]
