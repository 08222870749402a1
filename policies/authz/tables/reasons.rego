package authz.tables

# METADATA
# title: What each code of a denial means to the client, to people and to the evidence
# description: |
#   Every code that a rule denies with has a row. One without answers 403 and a
#   text that tells nothing.
#     class   credential, device, right, relationship, place (or hour), behaviour,
#             unavailable (Wardgate does not know) or malformed: how it is counted
#     status  401, 403, 404, 429 or 503
#     alone   true: the other reasons mean nothing beside it and are not shown
#     shown   the code that the client sees instead, where it must not see this one
#     alarm   true: hardly an honest slip; the evidence is filed as an alert
#     text    a sentence for people, by language
#     ask     whom people can ask, by language; without it nobody is named
#   Without alone, 401 answers only what has no other status; 429 prevails over
#   503, and 503 over 403. Rows of class relationship tell whether a record
#   exists, and so have one text and name the same people.
# custom:
#   sp800_207: "2.1, tenet 6"
#   iso_27001: "A.8.16, monitoring activities"
reasons := {
	# the credential
	"session_missing": {"class": "credential", "status": 401, "alone": true, "text": _log_in},
	"token_expired": {"class": "credential", "status": 401, "alone": true, "text": _log_in},
	"token_invalid": {"class": "credential", "status": 401, "alone": true, "alarm": true, "text": _log_in},
	"session_revoked": {"class": "credential", "status": 401, "alone": true, "text": {
		"en": "This session was ended. Log in again.",
		"ar": "أُنهيت هذه الجلسة. سجّل الدخول من جديد.",
	}},
	"step_up_required": {"class": "credential", "status": 401, "text": {
		"en": "Confirm with a second factor, then try again.",
		"ar": "أكّد هويتك بعامل ثانٍ ثم حاول مجددًا.",
	}},
	"passkey_required": {"class": "credential", "status": 401, "text": {
		"en": "Confirm with a passkey, then try again.",
		"ar": "أكّد هويتك بمفتاح مرور ثم حاول مجددًا.",
	}},
	"factor_missing": {"class": "credential", "status": 403, "text": {
		"en": "Two factors are needed to log in.",
		"ar": "يلزم عاملان لتسجيل الدخول.",
	}},
	# the device
	"device_changed": {"class": "device", "status": 401, "alone": true, "alarm": true, "text": {
		"en": "This is another device or browser than at log-in. Log in again.",
		"ar": "هذا جهاز أو متصفح مختلف عمّا كان عند تسجيل الدخول. سجّل الدخول من جديد.",
	}},
	"device_unknown": {"class": "device", "status": 503, "text": _later},
	"workstation_required": {"class": "device", "status": 403, "text": {
		"en": "This is possible at a registered workstation of the hospital only.",
		"ar": "هذا ممكن فقط من محطة عمل مسجّلة داخل المستشفى.",
	}},
	# the right
	"account_inactive": {"class": "right", "status": 403, "ask": _officer, "text": {
		"en": "This account is not active.",
		"ar": "هذا الحساب غير نشط.",
	}},
	"not_granted": {"class": "right", "status": 403, "ask": _officer, "text": _no_right},
	"own_account": {"class": "right", "status": 403, "ask": _officer, "text": {
		"en": "Somebody else has to change your account.",
		"ar": "يجب أن يغيّر حسابك شخص آخر.",
	}},
	"purpose_unfit": {"class": "right", "status": 403, "ask": _protection, "text": {
		"en": "This is not available for the stated purpose.",
		"ar": "هذا غير متاح للغرض المذكور.",
	}},
	"role_forbidden": {"class": "right", "status": 403, "ask": _officer, "text": _no_right},
	# the relationship
	"not_your_department": {"class": "relationship", "status": 403, "ask": _lead, "text": _not_yours},
	"not_your_patient": {"class": "relationship", "status": 403, "ask": _lead, "text": _not_yours},
	"not_your_record": {"class": "relationship", "status": 403, "ask": _lead, "text": _not_yours},
	# the place and the hour
	"console_off_site": {"class": "place", "status": 403, "ask": _officer, "text": {
		"en": "The console is used in the hospital only.",
		"ar": "تُستخدم وحدة التحكم داخل المستشفى فقط.",
	}},
	"impossible_travel": {"class": "place", "status": 403, "alarm": true, "ask": _officer, "text": {
		"en": "The last log-in was too far away from here.",
		"ar": "كان آخر تسجيل دخول بعيدًا جدًا عن هنا.",
	}},
	"location_drifted": {"class": "place", "status": 403, "alarm": true, "text": {
		"en": "The session is used elsewhere than it began. Log in again.",
		"ar": "تُستخدم الجلسة في مكان غير الذي بدأت فيه. سجّل الدخول من جديد.",
	}},
	"off_hours": {"class": "place", "status": 403, "ask": _officer, "text": {
		"en": "This is not available at this hour.",
		"ar": "هذا غير متاح في هذه الساعة.",
	}},
	# the behaviour
	"address_barred": {"class": "behaviour", "status": 429, "text": _slow_down},
	"bulk_reading": {"class": "behaviour", "status": 403, "ask": _officer, "text": {
		"en": "The records of too many patients were read. Wait before you go on.",
		"ar": "قُرئت سجلات عدد كبير من المرضى. انتظر قبل المتابعة.",
	}},
	"log_in_barred": {"class": "behaviour", "status": 403, "alarm": true, "ask": _officer, "text": {
		"en": "Logging in is closed for a while. Try again later.",
		"ar": "تسجيل الدخول مغلق مؤقتًا. حاول لاحقًا.",
	}},
	"subject_banned": {"class": "behaviour", "status": 403, "ask": _officer, "text": {
		"en": "This account is banned.",
		"ar": "هذا الحساب محظور.",
	}},
	"too_many_requests": {"class": "behaviour", "status": 429, "text": _slow_down},
	# what Wardgate itself does not know
	"care_unknown": {"class": "unavailable", "status": 503, "text": _later},
	"identity_unknown": {"class": "unavailable", "status": 503, "text": _later},
	"location_unknown": {"class": "unavailable", "status": 503, "text": _later},
	"revocation_unknown": {"class": "unavailable", "status": 503, "text": _later},
	"signals_unknown": {"class": "unavailable", "status": 503, "text": _later},
	"time_unknown": {"class": "unavailable", "status": 503, "text": _later},
	# the request
	"cross_site": {"class": "malformed", "status": 403, "alone": true, "text": {
		"en": "This was begun by another site. Open the page here, and do it there.",
		"ar": "بدأ هذا الطلب من موقع آخر. افتح الصفحة هنا ونفّذه منها.",
	}},
	"input_impossible": {"class": "malformed", "status": 403, "alarm": true, "text": {
		"en": "What is known of this request contradicts itself.",
		"ar": "المعلومات المتوفرة عن هذا الطلب متناقضة.",
	}},
	"route_unknown": {"class": "malformed", "status": 404, "alone": true, "text": {
		"en": "There is nothing here.",
		"ar": "لا يوجد شيء هنا.",
	}},
}

_log_in := {"en": "Log in again.", "ar": "سجّل الدخول من جديد."}

_no_right := {"en": "Your role does not have this right.", "ar": "لا يملك دورك هذه الصلاحية."}

_not_yours := {"en": "There is no such record among those that you may see.", "ar": "لا يوجد سجل كهذا ضمن ما يُسمح لك برؤيته."}

_later := {"en": "This cannot be decided now. Try again in a moment.", "ar": "لا يمكن البتّ في هذا الآن. حاول بعد قليل."}

_slow_down := {"en": "Too many requests. Wait a minute.", "ar": "طلبات كثيرة جدًا. انتظر دقيقة."}

_officer := {
	"en": "If your work needs it, ask the security officer of the hospital.",
	"ar": "إن كان عملك يحتاج إلى ذلك فاسأل مسؤول الأمن في المستشفى.",
}

_lead := {
	"en": "If you look after this patient, ask the lead of the ward. About your own record, ask the data protection officer.",
	"ar": "إن كنت ترعى هذا المريض فاسأل مسؤول القسم. وعن سجلك الخاص اسأل مسؤول حماية البيانات.",
}

_protection := {
	"en": "Ask the data protection officer of the hospital for which purposes this is available.",
	"ar": "اسأل مسؤول حماية البيانات في المستشفى عن الأغراض التي يتاح لها هذا.",
}
