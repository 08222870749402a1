package pages

import "github.com/wardgate/wardgate/internal/look"

// noticeWords are the texts of the page of notices. Those of "notice." say what each kind
// of notice is about.
var noticeWords = look.Words{
	"notices.heading": {"en": "What has happened around your account", "ar": "ما حدث في حسابك"},
	"notices.text": {
		"en": "Each of these was sent to your e-mail address too. They are kept for %s days, of each kind the newest.",
		"ar": "أُرسل كل من هذه الإشعارات إلى بريدك الإلكتروني أيضًا. تُحفظ لمدة %s من الأيام، والأحدث من كل نوع.",
	},
	"notices.not_you": {"en": "If something was not you", "ar": "إن لم تكن أنت من فعل ذلك"},
	"notices.what_to_do": {
		"en": "Choose a new password, which ends all sessions. End sessions and forget devices that you do not know, and tell your hospital's IT.",
		"ar": "اختر كلمة مرور جديدة، فتنتهي جميع الجلسات. أنهِ الجلسات وانسَ الأجهزة التي لا تعرفها، وأبلغ قسم تقنية المعلومات في المستشفى.",
	},
	"notices.password": {"en": "Choose a new password", "ar": "اختر كلمة مرور جديدة"},
	"notices.none":     {"en": "There is nothing to tell.", "ar": "لا يوجد ما يُذكر."},
	"notices.when":     {"en": "When", "ar": "متى"},
	"notices.until":    {"en": "Until", "ar": "حتى"},
	"notices.by":       {"en": "By", "ar": "بواسطة"},
	"notices.from":     {"en": "Browser and system", "ar": "المتصفح والنظام"},
	"notices.left":     {"en": "Recovery codes that are left", "ar": "رموز الاسترداد المتبقية"},

	"notice.device":           {"en": "Log-in from a new device", "ar": "تسجيل دخول من جهاز جديد"},
	"notice.device_forgotten": {"en": "A device was forgotten, or several", "ar": "نُسي جهاز أو أكثر"},
	"notice.recovery":         {"en": "Log-in by a recovery code", "ar": "تسجيل دخول برمز استرداد"},
	"notice.password":         {"en": "A new password was chosen", "ar": "اختيرت كلمة مرور جديدة"},
	"notice.factor_added":     {"en": "An authenticator app was added", "ar": "أضيف تطبيق مصادقة"},
	"notice.factor_removed":   {"en": "The authenticator app was removed", "ar": "أزيل تطبيق المصادقة"},
	"notice.passkey_added":    {"en": "A passkey was added", "ar": "أضيف مفتاح مرور"},
	"notice.passkey_removed":  {"en": "A passkey was removed, or all of them", "ar": "أزيل مفتاح مرور أو جميعها"},
	"notice.passkey_cloned":   {"en": "A passkey was refused, because there are two of it", "ar": "رُفض مفتاح مرور لوجود نسختين منه"},
	"notice.badge_set":        {"en": "A badge or PIN was set or changed", "ar": "حُدّدت بطاقة أو رقم سري أو غُيّر"},
	"notice.badge_removed":    {"en": "Badge and PIN were removed", "ar": "أزيلت البطاقة والرقم السري"},
	"notice.sessions_ended":   {"en": "All of your sessions were ended by others", "ar": "أنهى آخرون جميع جلساتك"},
	"notice.banned":           {"en": "Access was blocked for a while. If this should not be, ask your hospital's IT", "ar": "حُجب الوصول لمدة. إن كان ذلك خطأ فاسأل قسم تقنية المعلومات في المستشفى"},
	"notice.pass":             {"en": "A pass for one shift was issued", "ar": "صدر تصريح لمناوبة واحدة"},
	"notice.disabled":         {"en": "The account was disabled", "ar": "عُطّل الحساب"},
	"notice.enabled":          {"en": "The account was enabled, or approved", "ar": "فُعّل الحساب أو اعتُمد"},
	"notice.changed":          {"en": "Username, e-mail address or role were changed", "ar": "غُيّر اسم المستخدم أو البريد الإلكتروني أو الدور"},
	"notice.linked":           {"en": "The account was linked to a staff record", "ar": "رُبط الحساب بسجل موظف"},
	"notice.unlinked":         {"en": "The account was unlinked from its record", "ar": "فُصل الحساب عن سجله"},
}
