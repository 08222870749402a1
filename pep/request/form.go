package request

import (
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxFields bounds the fields of one form.
const maxFields = 256

// unambiguousForm reports whether two parsers cannot read a form differently. It
// takes the bytes that browsers write (WHATWG URL, application/x-www-form-urlencoded
// serializing) and "~", each field with a name and "=", in UTF-8. Refused are a name
// twice, names that some program takes for the same (see Reads), controls (but for tabs and the ends of
// lines in values), and the names by which frameworks change the method or the
// character set of a request.
func unambiguousForm(body []byte) bool {
	seen := map[string]bool{}
	fields := 0
	for field := range strings.SplitSeq(string(body), "&") {
		name, value, assigned := strings.Cut(field, "=")
		if !assigned || name == "" || !formBytes(name) || !formBytes(value) || fields == maxFields {
			return false
		}
		name, err1 := url.QueryUnescape(name)
		value, err2 := url.QueryUnescape(value)
		folded := foldName(name)
		if err1 != nil || err2 != nil || seen[folded] || clashes(seen, folded) || !formName(name) || !formText(value) {
			return false
		}
		seen[folded] = true
		fields++
	}
	return true
}

// formBytes admits what a browser leaves unescaped, and escapes.
func formBytes(s string) bool {
	for i := range len(s) {
		if c := s[i]; !unreserved(c) && c != '*' && c != '+' && c != '%' {
			return false
		}
	}
	return true
}

// formName accepts names that no program takes for another's, nor for a method's. Brackets
// are those of lists (a[], a[b]).
func formName(name string) bool {
	return plainText(name) && strings.TrimSpace(name) == name && !overrides(name) && !Reads(name, "_charset_") &&
		strings.IndexAny(name, "[]") != 0 && strings.Count(name, "[") == strings.Count(name, "]")
}

// clashes reports whether a list has the name that a field has (a and a[]), of which some
// programs read one and some the other. It notes names of lists in seen.
func clashes(seen map[string]bool, folded string) bool {
	of, _, list := strings.Cut(folded, "[")
	other := of + "["
	if list {
		seen[other], other = true, of
	}
	_, there := seen[other]
	return there
}

func formText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 0x20 || r == 0x7f) && r != '\t' && r != '\r' && r != '\n'
	})
}
