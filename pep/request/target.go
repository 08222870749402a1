// Package request reads a request in the one way that has no second reading: its
// target, its header and its body. What has two readings it refuses with a code.
package request

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
)

// maxTarget bounds a request target, in bytes.
const maxTarget = 8 << 10

// A Target is the one reading of a request line. The policy judges exactly
// this, and the application receives exactly this.
type Target struct {
	Method string
	Path   string // canonical: percent-encoding only where needed, upper-case hex
	Query  string // as sent, without the question mark
	plain  string // path, decoded
}

// URL is the target at an application's address.
func (t *Target) URL(base *url.URL) *url.URL {
	return &url.URL{Scheme: base.Scheme, Host: base.Host, Path: t.plain, RawPath: t.Path, RawQuery: t.Query}
}

// ReadTarget reads the request line in the one way that has no second reading.
// It works on the bytes that were sent, not on net/url's interpretation. The
// second result is the code of a refusal, "" for none.
func ReadTarget(r *http.Request) (Target, string) {
	if !slices.Contains(pdp.Methods, r.Method) {
		return Target{}, code.MethodRefused
	}
	raw := r.RequestURI
	if raw == "" || raw[0] != '/' || len(raw) > maxTarget || !printable(raw) {
		return Target{}, code.TargetAmbiguous
	}
	path, query, _ := strings.Cut(raw, "?")
	t := Target{Method: r.Method, Query: query}
	if !t.setPath(path) {
		return Target{}, code.PathAmbiguous
	}
	if !unambiguousQuery(query) {
		return Target{}, code.QueryAmbiguous
	}
	return t, ""
}

// printable admits the ASCII that RFC 3986 lets stand in a target. A backslash
// or "#" reads differently in different programs, and so is not among it.
func printable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\\\"<>^`{|}#", c) >= 0 {
			return false
		}
	}
	return true
}

// setPath decodes what needs no encoding, refuses what has two readings
// (encoded separators and controls, dot segments, empty segments, matrix
// parameters, broken UTF-8) and writes the rest in one form.
func (t *Target) setPath(path string) bool {
	var canon, plain strings.Builder
	canon.Grow(len(path))
	plain.Grow(len(path))
	for i := 0; i < len(path); i++ {
		c := path[i]
		if c == ';' {
			return false
		}
		if c != '%' {
			canon.WriteByte(c)
			plain.WriteByte(c)
			continue
		}
		b, ok := unhex(path, i)
		if !ok || b < 0x20 || b == 0x7f || strings.IndexByte("/\\%;?#", b) >= 0 {
			return false
		}
		i += 2
		plain.WriteByte(b)
		if unreserved(b) {
			canon.WriteByte(b)
			continue
		}
		const hex = "0123456789ABCDEF"
		canon.Write([]byte{'%', hex[b>>4], hex[b&15]})
	}
	t.Path, t.plain = canon.String(), plain.String()
	if !utf8.ValidString(t.plain) || !plainSegments(t.plain) {
		return false
	}
	u := url.URL{Path: t.plain, RawPath: t.Path}
	return u.EscapedPath() == t.Path
}

func plainSegments(path string) bool {
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		if s == "." || s == ".." || s == "" && i < len(segments)-1 {
			return false
		}
	}
	return true
}

func unhex(s string, at int) (byte, bool) {
	if at+2 >= len(s) {
		return 0, false
	}
	hi, ok1 := nibble(s[at+1])
	lo, ok2 := nibble(s[at+2])
	return hi<<4 | lo, ok1 && ok2
}

func nibble(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// unreserved is RFC 3986, section 2.3.
func unreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

// unambiguousQuery refuses what query parsers read differently: semicolons,
// broken escapes, controls, broken UTF-8; and method overrides.
func unambiguousQuery(query string) bool {
	if query == "" {
		return true
	}
	if strings.Contains(query, ";") {
		return false
	}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		plainKey, err1 := url.QueryUnescape(key)
		plainValue, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil || !plainText(plainKey) || !plainText(plainValue) {
			return false
		}
		if overrides(plainKey) {
			return false
		}
	}
	return true
}

func plainText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return false
		}
	}
	return true
}
