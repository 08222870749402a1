package pages

import (
	"maps"

	"github.com/wardgate/wardgate/internal/look"
)

// stationWords are the texts of the pages at workstations.
var stationWords = look.Words{
	"workstation.heading": {"en": "Make this machine a workstation", "ar": "جعل هذا الجهاز محطة عمل"},
	"workstation.text": {
		"en": "An officer has registered this machine and has been given a code. It serves once, here in this browser.",
		"ar": "سجّل مسؤول هذا الجهاز وحصل على رمز. يُستخدم الرمز مرة واحدة، هنا في هذا المتصفح.",
	},
	"workstation.code":   {"en": "Code of the registration", "ar": "رمز التسجيل"},
	"workstation.hint":   {"en": "26 letters and digits", "ar": "26 حرفًا ورقمًا"},
	"workstation.submit": {"en": "Continue", "ar": "متابعة"},
	"workstation.done":   {"en": "This machine is a workstation", "ar": "أصبح هذا الجهاز محطة عمل"},
	"workstation.known": {
		"en": "It is registered as %s. Who logs in here can be followed by others, each with a session of their own.",
		"ar": "الجهاز مسجّل باسم %s. من يسجّل الدخول هنا يمكن أن يتبعه آخرون، لكل منهم جلسته الخاصة.",
	},

	"tap.heading":     {"en": "Badge and PIN", "ar": "البطاقة والرقم السري"},
	"tap.badge_first": {"en": "Hold your badge to the reader, or type its number.", "ar": "ضع بطاقتك على القارئ أو اكتب رقمها."},
	"tap.pin_next":    {"en": "Type your PIN. Your own session of this shift goes on here.", "ar": "اكتب رقمك السري. تستمر هنا جلستك الخاصة بهذه المناوبة."},
	"tap.elsewhere":   {"en": "This browser is at no registered workstation.", "ar": "هذا المتصفح ليس على محطة عمل مسجّلة."},
	"tap.submit":      {"en": "Continue", "ar": "متابعة"},
	"tap.anew":        {"en": "Another badge", "ar": "بطاقة أخرى"},
	"tap.log_in":      {"en": "Log in with a password", "ar": "تسجيل الدخول بكلمة المرور"},

	"field.badge":     {"en": "Number of the badge", "ar": "رقم البطاقة"},
	"field.pin":       {"en": "PIN", "ar": "الرقم السري"},
	"hint.badge":      {"en": "The reader types it by itself", "ar": "يكتبه القارئ من تلقاء نفسه"},
	"hint.badge_kept": {"en": "4 to 64 letters, digits and hyphens; leave it empty to keep the badge", "ar": "من 4 إلى 64 حرفًا أو رقمًا أو شرطة؛ اتركه فارغًا للإبقاء على البطاقة"},
	"hint.pin": {
		"en": "4 to 12 digits, neither all the same nor in a row; leave it empty to keep the PIN",
		"ar": "من 4 إلى 12 رقمًا، غير متطابقة ولا متتالية؛ اتركه فارغًا للإبقاء على الرقم السري",
	},
	"fault.required.badge": {"en": "Type the number of your badge", "ar": "اكتب رقم بطاقتك"},
	"fault.required.pin":   {"en": "Type your PIN", "ar": "اكتب رقمك السري"},

	"badge.heading": {"en": "Badge and PIN for workstations", "ar": "البطاقة والرقم السري لمحطات العمل"},
	"badge.text": {
		"en": "At a workstation, badge and PIN resume the session that you began at one with a whole log-in in this shift. Three wrong PINs shut the badge until you log in at a workstation.",
		"ar": "على محطة العمل تستأنف البطاقة والرقم السري الجلسة التي بدأتها على إحداها بتسجيل دخول كامل في هذه المناوبة. ثلاثة أرقام سرية خاطئة تغلق البطاقة حتى تسجّل الدخول على محطة عمل.",
	},
	"badge.submit": {"en": "Save", "ar": "حفظ"},
	"badge.saved":  {"en": "Saved. Badge and PIN stand as they are shown here.", "ar": "تم الحفظ. البطاقة والرقم السري كما هو معروض هنا."},
	"badge.remove": {"en": "Remove badge and PIN", "ar": "إزالة البطاقة والرقم السري"},
	"badge.remove_text": {
		"en": "At workstations you then log in with your password. Confirm this with a passkey or an authenticator app. If you have neither, set another badge or PIN in place of a lost one.",
		"ar": "بعد ذلك تسجّل الدخول على محطات العمل بكلمة المرور. أكّد هذا بمفتاح مرور أو تطبيق مصادقة. إن لم يكن لديك أي منهما فحدّد بطاقة أو رقمًا سريًا آخر بدل المفقود.",
	},
	"badge.removed": {"en": "Badge and PIN are removed.", "ar": "تمت إزالة البطاقة والرقم السري."},
	"badge.yes":     {"en": "set", "ar": "محدّد"},
	"badge.no":      {"en": "not set", "ar": "غير محدّد"},

	"reason.workstation_missing": {"en": "This browser is at no registered workstation.", "ar": "هذا المتصفح ليس على محطة عمل مسجّلة."},
	"reason.badge_refused":       {"en": "Badge and PIN are not accepted. After three wrong PINs, log in with your password.", "ar": "لم تُقبل البطاقة والرقم السري. بعد ثلاثة أرقام سرية خاطئة سجّل الدخول بكلمة المرور."},
	"reason.log_in_required":     {"en": "You have no session of this shift to go on with here. Log in with your password.", "ar": "ليست لك جلسة في هذه المناوبة لتستمر هنا. سجّل الدخول بكلمة المرور."},
	"reason.badge_malformed":     {"en": "A badge's number has 4 to 64 letters, digits and hyphens.", "ar": "يتكوّن رقم البطاقة من 4 إلى 64 حرفًا أو رقمًا أو شرطة."},
	"reason.badge_taken":         {"en": "This badge is another account's.", "ar": "هذه البطاقة لحساب آخر."},
	"reason.badge_unfit":         {"en": "This account takes no badge.", "ar": "هذا الحساب لا يقبل بطاقة."},
	"reason.pin_unfit":           {"en": "Choose a PIN of 4 to 12 digits, neither all the same nor in a row.", "ar": "اختر رقمًا سريًا من 4 إلى 12 رقمًا، غير متطابقة ولا متتالية."},

	"reason.workstation_registration_withdrawn": {"en": "Who registered this machine may no longer do so. Ask for another registration.", "ar": "من سجّل هذا الجهاز لم يعد يحق له ذلك. اطلب تسجيلًا آخر."},
	"reason.workstation_code_invalid":           {"en": "The code is wrong, was used before, or is over. Ask for another registration.", "ar": "الرمز خاطئ أو استُخدم من قبل أو انتهت صلاحيته. اطلب تسجيلًا آخر."},
	"reason.workstation_network":                {"en": "This machine is not in the network that it was registered for.", "ar": "هذا الجهاز ليس في الشبكة التي سُجّل لها."},
}

// allWords are the texts of all pages.
func allWords() look.Words {
	all := maps.Clone(words)
	maps.Copy(all, stationWords)
	maps.Copy(all, noticeWords)
	maps.Copy(all, stationsWords)
	return all
}
