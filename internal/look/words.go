package look

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// LanguageParameter is the parameter of a page's query with which a reader
// chooses a language.
const LanguageParameter = "lang"

// A Language is one that pages are written in.
type Language struct {
	Code      string // BCP 47: "en"
	Direction string // "ltr" or "rtl"
	Name      string // in itself
}

// Languages returns all languages, the one for readers of none of them first.
func Languages() []Language {
	return []Language{
		{Code: "en", Direction: "ltr", Name: "English"},
		{Code: "ar", Direction: "rtl", Name: "العربية"},
	}
}

// Choose returns the language that a reader chose, or else the best of those
// that the browser accepts (Accept-Language, RFC 9110, section 12.5.4).
func Choose(chosen, accepted string) (l Language, byReader bool) {
	if l, ok := language(chosen); ok {
		return l, true
	}
	best, weight := Languages()[0], 0.0
	for i, part := range strings.Split(accepted, ",") {
		if i == maxAccepted {
			break
		}
		tag, parameter, _ := strings.Cut(strings.TrimSpace(part), ";")
		primary, _, _ := strings.Cut(tag, "-")
		l, ok := language(strings.ToLower(primary))
		if q := quality(parameter); ok && q > weight {
			best, weight = l, q
		}
	}
	return best, false
}

// maxAccepted is how many languages of a browser are looked at.
const maxAccepted = 16

// quality reads "q=0.5". What is none counts for nothing.
func quality(parameter string) float64 {
	value, given := strings.CutPrefix(strings.TrimSpace(parameter), "q=")
	if !given {
		if parameter == "" {
			return 1
		}
		return 0
	}
	q, err := strconv.ParseFloat(value, 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}

func language(code string) (Language, bool) {
	all := Languages()
	if i := slices.IndexFunc(all, func(l Language) bool { return l.Code == code }); i >= 0 {
		return all[i], true
	}
	return Language{}, false
}

// Words are texts by word and by the code of the language. A text may have verbs
// of package fmt; what stands for them is set apart from the direction of the
// text around it.
type Words map[string]map[string]string

// with returns both; a word of other prevails.
func (w Words) with(other Words) Words {
	both := maps.Clone(w)
	maps.Copy(both, other)
	return both
}

// Isolates of Unicode's bidirectional algorithm (UAX 9, section 2.4).
const (
	isolate    = "\u2068" // first strong isolate
	endIsolate = "\u2069"
)

func (w Words) say(l Language, word string, args ...any) (string, error) {
	text := w[word][l.Code]
	if text == "" {
		return "", fmt.Errorf("no word %q in %s", word, l.Name)
	}
	if len(args) == 0 {
		return text, nil
	}
	apart := make([]any, len(args))
	for i, a := range args {
		apart[i] = isolate + fmt.Sprint(a) + endIsolate
	}
	return fmt.Sprintf(text, apart...), nil
}

// frame are the words of the frame and of components.
var frame = Words{
	"look.skip":      {"en": "Skip to the main content", "ar": "انتقل إلى المحتوى الرئيسي"},
	"look.menu":      {"en": "Menu", "ar": "القائمة"},
	"look.languages": {"en": "Languages", "ar": "اللغات"},
	"look.wrong":     {"en": "Error", "ar": "خطأ"},
	"look.problem":   {"en": "There is a problem", "ar": "هناك مشكلة"},
	"look.optional":  {"en": "optional", "ar": "اختياري"},
	"look.back":      {"en": "Go back", "ar": "رجوع"},
	"look.passkey_failed": {
		"en": "The passkey was not used. Press the button to try again.",
		"ar": "لم يُستخدم مفتاح المرور. اضغط الزر للمحاولة من جديد.",
	},
	"look.passkey_unable": {
		"en": "A passkey needs a browser that knows passkeys and runs the script of this page.",
		"ar": "يحتاج مفتاح المرور إلى متصفح يعرف مفاتيح المرور ويشغّل النص البرمجي لهذه الصفحة.",
	},
	"look.decision": {"en": "Number of this decision", "ar": "رقم هذا القرار"},
}
