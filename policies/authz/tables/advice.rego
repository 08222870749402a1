package authz.tables

# METADATA
# title: How an explanation tells what has to turn out
# description: |
#   By path and word of the turns_out of remedies, in the languages of the house. A
#   word without a row is told as it stands in the input.
remedy_words := {
	"/subject/properties/role": {role: {
		"en": sprintf("the role is %s", [role]),
		"ar": sprintf("الدور هو %s", [role]),
	} |
		some role, _ in roles
	},
	"/subject/properties/account": {"active": {"en": "the account is active", "ar": "الحساب نشط"}},
	"/context/care/treats": {
		"true": {"en": "the doctor treats the patient", "ar": "الطبيب يعالج المريض"},
		"false": {"en": "the doctor does not treat the patient", "ar": "الطبيب لا يعالج المريض"},
	},
	"/context/care/same_department": {
		"true": {"en": "the patient is in the own department", "ar": "المريض في القسم نفسه"},
		"false": {"en": "the patient is in another department", "ar": "المريض في قسم آخر"},
	},
	"/context/care/own": {
		"true": {"en": "it is the own record", "ar": "السجل سجله الخاص"},
		"false": {"en": "it is another person's record", "ar": "السجل لشخص آخر"},
	},
	"/context/claims/purpose": {
		"treatment": {"en": "it is treatment", "ar": "الغرض علاج"},
		"emergency": {"en": "it is an emergency", "ar": "الغرض طارئ"},
		"payment": {"en": "it is payment", "ar": "الغرض دفع"},
		"operations": {"en": "it is running the hospital", "ar": "الغرض تشغيل المستشفى"},
	},
	"/context/device/match": {"same": {"en": "it is the device of the log-in", "ar": "الجهاز هو جهاز تسجيل الدخول"}},
	"/context/location/place": {
		"on_site": {"en": "it is on-site", "ar": "الموقع داخل المستشفى"},
		"off_site": {"en": "it is off-site", "ar": "الموقع خارج المستشفى"},
	},
	"/context/revocation/session": {"clear": {"en": "the session was not ended", "ar": "لم تُنه الجلسة"}},
	"/context/revocation/subject": {"clear": {"en": "the account is not banned", "ar": "الحساب غير محظور"}},
	"/context/revocation/log_in": {"clear": {"en": "log-ins are not barred", "ar": "تسجيل الدخول غير مغلق"}},
	"/context/revocation/address": {"clear": {"en": "the address is not barred", "ar": "العنوان غير محجوب"}},
	"/context/revocation/step_up": {"none": {"en": "no step-up is owed", "ar": "لا يلزم تأكيد إضافي"}},
	"/context/signals/requests": {"usual": {"en": "requests are as usual", "ar": "الطلبات معتادة"}},
	"/context/signals/patients": {
		"usual": {"en": "as many patients as usual were read", "ar": "عدد المرضى المقروءين معتاد"},
		"many": {"en": "many patients were read", "ar": "عدد المرضى المقروءين كبير"},
	},
	"/context/signals/predictions": {"usual": {"en": "predictions are as usual", "ar": "التنبؤات معتادة"}},
	"/context/time/period": {
		"day": {"en": "it is day", "ar": "الوقت نهار"},
		"night": {"en": "it is night", "ar": "الوقت ليل"},
	},
}

# METADATA
# title: The sentences around advice
advice := {
	"more_than_three_changes": {"en": "more than three things would have to change", "ar": "يلزم أن تتغيّر أكثر من ثلاثة أمور"},
	"nothing": {"en": "nothing that may change helps", "ar": "لا ينفع أي تغيير مسموح به"},
	"unknown": {
		"en": "no three changes help; whether more would was not found out",
		"ar": "لا تنفع ثلاثة تغييرات، ولم يُعرف هل ينفع أكثر منها",
	},
	"unproved": {"en": "not proved smallest", "ar": "لم يُثبت أنه الأصغر"},
	# what stands between titles, before what has to turn out, between its parts, and before another way
	"and_title": {"en": ", and ", "ar": "، و"},
	"if": {"en": ", if ", "ar": "، إذا كان "},
	"conjunction": {"en": " and ", "ar": " و"},
	"disjunction": {"en": " or ", "ar": " أو "},
	"or_if": {"en": "; or ", "ar": "؛ أو "},
	"right_of": {"en": "who has this right", "ar": "من يملك هذه الصلاحية"},
	"right_of_no_role": {"en": "no role has this right", "ar": "لا يملك أي دور هذه الصلاحية"},
	"stranger": {"en": "who has no session", "ar": "من ليست له جلسة"},
}

# METADATA
# title: How an explanation tells who has a right
# description: |
#   Of each role, and of how far the table of rights lets it reach. What has no row
#   is told as it stands in the tables.
right_words := {
	"role": {
		"doctor": {"en": "doctors", "ar": "الأطباء"},
		"nurse": {"en": "nurses", "ar": "الممرضون"},
		"patient": {"en": "patients", "ar": "المرضى"},
		"security": {"en": "security officers", "ar": "موظفو الأمن"},
		"auditor": {"en": "auditors", "ar": "المدققون"},
		"machine": {"en": "machines", "ar": "الأجهزة"},
	},
	"reach": {
		"own": {"en": "of patients whom they treat", "ar": "للمرضى الذين يعالجونهم"},
		"department": {"en": "of patients of their department", "ar": "لمرضى قسمهم"},
		"self": {"en": "of their own record", "ar": "لسجلهم الخاص"},
		"account": {"en": "of their own account", "ar": "لحسابهم الخاص"},
		"any": {"en": "not about one patient", "ar": "لا يخص مريضًا واحدًا"},
		"all": {"en": "of every patient", "ar": "لكل المرضى"},
		"public": {"en": "without a session", "ar": "دون جلسة"},
	},
}
