package pages

import "github.com/wardgate/wardgate/internal/look"

// stationsWords are the texts of the page on which officers register workstations.
var stationsWords = look.Words{
	"stations.heading": {"en": "Workstations", "ar": "محطات العمل"},
	"stations.text": {
		"en": "A workstation is a shared machine of a ward, where people follow each other by badge and PIN. One that is withdrawn is none at once, and the sessions there end.",
		"ar": "محطة العمل جهاز مشترك في قسم يتناوب عليه الأشخاص بالبطاقة والرقم السري. المحطة التي تُسحب تفقد صفتها فورًا، وتنتهي الجلسات عليها.",
	},
	"stations.none":        {"en": "There is none yet.", "ar": "لا توجد أي محطة بعد."},
	"stations.more":        {"en": "More workstations", "ar": "المزيد من محطات العمل"},
	"stations.waits":       {"en": "waits for its code", "ar": "تنتظر رمزها"},
	"stations.waits_until": {"en": "not yet; its code serves until %s", "ar": "ليس بعد؛ رمزها صالح حتى %s"},
	"stations.proof":       {"en": "Known by", "ar": "تُعرف بواسطة"},
	"proof.key":            {"en": "a key in its browser", "ar": "مفتاح في متصفحها"},
	"proof.certificate":    {"en": "its client certificate", "ar": "شهادة العميل الخاصة بها"},
	"field.proof":          {"en": "What the machine is known by", "ar": "ما يُعرف به الجهاز"},
	"hint.proof":           {"en": "A certificate of the hospital has to be in the machine before the code is typed there", "ar": "يجب أن تكون شهادة المستشفى على الجهاز قبل كتابة الرمز عليه"},
	"fault.required.proof": {"en": "Choose what the machine is known by", "ar": "اختر ما يُعرف به الجهاز"},
	"fault.field.proof":    {"en": "Choose one of these", "ar": "اختر واحدًا من هذه"},
	"stations.by":          {"en": "Registered by", "ar": "سجّلها"},
	"stations.registered":  {"en": "Registered on", "ar": "تاريخ التسجيل"},
	"stations.enrolled":    {"en": "Code typed at the machine", "ar": "كُتب الرمز على الجهاز"},
	"stations.seen":        {"en": "Last used", "ar": "آخر استخدام"},
	"stations.never":       {"en": "never", "ar": "أبدًا"},
	"stations.unknown":     {"en": "not known", "ar": "غير معروف"},
	"stations.remove":      {"en": "Withdraw", "ar": "سحب"},
	"stations.removed":     {"en": "The workstation is withdrawn.", "ar": "سُحبت محطة العمل."},
	"stations.gone":        {"en": "There is no such workstation any more.", "ar": "لم تعد هناك محطة عمل كهذه."},

	"stations.add":        {"en": "Register a workstation", "ar": "تسجيل محطة عمل"},
	"stations.submit":     {"en": "Register", "ar": "تسجيل"},
	"stations.done":       {"en": "%s is registered.", "ar": "سُجّلت %s."},
	"stations.type_code":  {"en": "Open the page /workstation in the browser of the machine, and type this code there. It is shown this once.", "ar": "افتح الصفحة /workstation في متصفح الجهاز واكتب هذا الرمز هناك. يظهر هذا الرمز مرة واحدة فقط."},
	"stations.code_until": {"en": "It serves until", "ar": "صالح حتى"},

	"field.station":          {"en": "Name", "ar": "الاسم"},
	"hint.station":           {"en": "What people know the machine by, 1 to 64 characters", "ar": "الاسم الذي يعرف به الأشخاص الجهاز، من 1 إلى 64 حرفًا"},
	"field.zone":             {"en": "Department or ward", "ar": "القسم أو الجناح"},
	"hint.zone":              {"en": "Rules see it, as it is written here", "ar": "تراه القواعد كما يُكتب هنا"},
	"field.network":          {"en": "Network", "ar": "الشبكة"},
	"hint.network":           {"en": "The machine is a workstation only as long as it is in this network", "ar": "الجهاز محطة عمل فقط ما دام في هذه الشبكة"},
	"fault.required.station": {"en": "Type a name", "ar": "اكتب اسمًا"},
	"fault.required.network": {"en": "Choose a network", "ar": "اختر شبكة"},

	"reason.workstation_name":                {"en": "A name has 1 to 64 characters, and no blank at either end.", "ar": "يتكوّن الاسم من 1 إلى 64 حرفًا، بلا فراغ في أوله أو آخره."},
	"reason.workstation_zone":                {"en": "A department or ward has up to 64 characters, and no blank at either end.", "ar": "يتكوّن اسم القسم أو الجناح من 64 حرفًا على الأكثر، بلا فراغ في أوله أو آخره."},
	"reason.workstation_taken":               {"en": "Another workstation has this name.", "ar": "لمحطة عمل أخرى هذا الاسم."},
	"reason.workstation_certificates_off":    {"en": "Here no machine can be known by a certificate: no authority for them is configured.", "ar": "لا يمكن هنا التعرف على أي جهاز بشهادة: لم تُضبط جهة إصدار لها."},
	"reason.workstation_certificate_missing": {"en": "This machine has shown no certificate of the hospital that is valid. The code has not been used.", "ar": "لم يقدّم هذا الجهاز شهادة سارية من المستشفى. لم يُستخدم الرمز."},
	"reason.workstation_certificate_taken":   {"en": "This machine is a workstation already, by its certificate. Have that registration withdrawn first.", "ar": "هذا الجهاز محطة عمل بالفعل بشهادته. اطلب سحب ذلك التسجيل أولًا."},
	"reason.workstations_full":               {"en": "There are too many workstations. Withdraw those that are not used any more.", "ar": "عدد محطات العمل كبير جدًا. اسحب ما لم يعد مستخدمًا."},
}
