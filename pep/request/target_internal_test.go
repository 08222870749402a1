package request

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func lineOf(method, uri string) *http.Request {
	return &http.Request{Method: method, RequestURI: uri}
}

// FuzzCanonical holds the three properties that path checks rest on: reading
// the canonical form again changes nothing; what net/url writes for it is the
// very text that was judged; and it has none of the forms with two readings.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		"/", "/api/patients/p-1?x=y", "/%2e%2e/a", "/a%2Fb", "//a", "/a;b", "/%C3%A4", "/a%20b", "/%41", "/a%3ab:c@d",
		"/%c0%ae", "/a?%zz", "/a?_method=x", "/!$&'()*+,=", "/~%7e", "/a/", "/%5B%5D", "/[a]", "/%2A*",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		one, code := ReadTarget(lineOf(http.MethodGet, uri))
		if code != "" {
			return
		}
		again, code := ReadTarget(lineOf(http.MethodGet, one.line()))
		if code != "" || again != one {
			t.Fatalf("%q: canonical %+v, again %+v %q", uri, one, again, code)
		}
		sent := one.URL(&url.URL{Scheme: "https", Host: "records.test"})
		if sent.EscapedPath() != one.Path || sent.RequestURI() != one.line() {
			t.Fatalf("%q: judged %q, sent %q", uri, one.line(), sent.RequestURI())
		}
		parsed, err := url.ParseRequestURI(one.line())
		if err != nil || parsed.Path != one.plain || parsed.Host != "" {
			t.Fatalf("%q: a server reads %+v, %v", uri, parsed, err)
		}
		for _, bad := range []string{"//", "/./", "/../", "\\", ";", "\x00", "%2F", "%2f", "%5C", "%00", "%25", "#"} {
			if strings.Contains(one.Path+"/", bad) && !(bad == "//" && strings.HasSuffix(one.Path, "/")) {
				t.Fatalf("%q: canonical %q has %q", uri, one.Path, bad)
			}
		}
	})
}

// line is the target as a request line has it.
func (t *Target) line() string {
	if t.Query == "" {
		return t.Path
	}
	return t.Path + "?" + t.Query
}

// FuzzRequest sends any target through net/http's own parser first, as a
// server does.
func FuzzRequest(f *testing.F) {
	f.Add("/a/%62?c=d")
	f.Add("http://x/a")
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		r := &http.Request{Method: http.MethodGet, RequestURI: target, URL: u}
		if one, code := ReadTarget(r); code == "" && one.plain != u.Path {
			t.Fatalf("%q: judged as %q, net/http reads %q", target, one.plain, u.Path)
		}
	})
}

func TestMethods(t *testing.T) {
	for method, want := range map[string]string{
		"GET": "", "HEAD": "", "POST": "", "PUT": "", "PATCH": "", "DELETE": "", "OPTIONS": "",
		"CONNECT": "method_refused", "TRACE": "method_refused", "get": "method_refused", "": "method_refused", "GET ": "method_refused",
	} {
		if _, got := ReadTarget(lineOf(method, "/")); got != want {
			t.Errorf("%q: got %q, want %q", method, got, want)
		}
	}
}
