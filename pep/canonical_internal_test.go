package pep

import (
	"net/http"
	"net/http/httptest"
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
		one, code := canonical(lineOf(http.MethodGet, uri))
		if code != "" {
			return
		}
		again, code := canonical(lineOf(http.MethodGet, one.line()))
		if code != "" || again != one {
			t.Fatalf("%q: canonical %+v, again %+v %q", uri, one, again, code)
		}
		sent := one.url(&url.URL{Scheme: "https", Host: "records.test"})
		if sent.EscapedPath() != one.path || sent.RequestURI() != one.line() {
			t.Fatalf("%q: judged %q, sent %q", uri, one.line(), sent.RequestURI())
		}
		parsed, err := url.ParseRequestURI(one.line())
		if err != nil || parsed.Path != one.plain || parsed.Host != "" {
			t.Fatalf("%q: a server reads %+v, %v", uri, parsed, err)
		}
		for _, bad := range []string{"//", "/./", "/../", "\\", ";", "\x00", "%2F", "%2f", "%5C", "%00", "%25", "#"} {
			if strings.Contains(one.path+"/", bad) && !(bad == "//" && strings.HasSuffix(one.path, "/")) {
				t.Fatalf("%q: canonical %q has %q", uri, one.path, bad)
			}
		}
	})
}

// line is the target as a request line has it.
func (t *target) line() string {
	if t.query == "" {
		return t.path
	}
	return t.path + "?" + t.query
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
		if one, code := canonical(r); code == "" && one.plain != u.Path {
			t.Fatalf("%q: judged as %q, net/http reads %q", target, one.plain, u.Path)
		}
	})
}

func TestMethods(t *testing.T) {
	for method, want := range map[string]string{
		"GET": "", "HEAD": "", "POST": "", "PUT": "", "PATCH": "", "DELETE": "", "OPTIONS": "",
		"CONNECT": "method_refused", "TRACE": "method_refused", "get": "method_refused", "": "method_refused", "GET ": "method_refused",
	} {
		if _, got := canonical(lineOf(method, "/")); got != want {
			t.Errorf("%q: got %q, want %q", method, got, want)
		}
	}
}

func TestSanitiseBuildsANewSet(t *testing.T) {
	in := http.Header{
		"Accept": {"a", "b"}, "Authorization": {"x"}, "Cookie": {"x"}, "Wardgate-Assertion": {"x"},
		"content-type": {"smuggled under a spelling that is not canonical"}, "Connection": {"Accept"},
	}
	out := sanitise(in)
	if len(out) != 2 || len(out["Accept"]) != 2 || out["User-Agent"] != nil {
		t.Errorf("got %v", out)
	}
	if in.Get("Authorization") != "x" {
		t.Error("the client's headers were changed")
	}
}

func TestStatusOfReasons(t *testing.T) {
	for want, lists := range map[int][][]string{
		http.StatusNotFound:           {{"route_unknown"}, {"role_forbidden", "route_unknown", "session_missing"}},
		http.StatusUnauthorized:       {{"session_missing"}, {"token_expired", "signals_unknown"}, {"step_up_required"}, {"care_missing", "session_revoked"}},
		http.StatusServiceUnavailable: {{"signals_unknown"}, {"decision_unavailable"}, {"role_forbidden", "location_unknown"}},
		http.StatusForbidden:          {{"role_forbidden"}, {"care_missing", "step_up_required"}, {"obligation_unmet"}, {""}, nil},
	} {
		for _, reasons := range lists {
			if got := statusOf(reasons); got != want {
				t.Errorf("%q: got %d, want %d", reasons, got, want)
			}
		}
	}
}

func TestClientAddress(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.RemoteAddr = "no address"
	if got := clientAddress(r); got.IsValid() {
		t.Errorf("got %v, want the zero address", got)
	}
}
