package pep_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A bypass is one attempt: raw bytes, the first status that comes back, and
// the request lines that the backend got to see.
type bypass struct {
	name    string
	raw     string
	status  int // 0: the connection ends without an answer
	reached []string
}

func runBypasses(t *testing.T, table []bypass) {
	t.Helper()
	for _, test := range table {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			status := 0
			if answers := w.send(test.raw); len(answers) > 0 {
				status = answers[0].status
			}
			w.drain()
			got, _ := w.backend.requests()
			var lines []string
			for _, r := range got {
				lines = append(lines, strings.TrimSuffix(r.line, " HTTP/1.1"))
			}
			if status != test.status || !slices.Equal(lines, test.reached) {
				t.Errorf("got %d, backend %q; want %d, backend %q", status, lines, test.status, test.reached)
			}
		})
	}
}

// refused, unknown and passes are GET requests with a good token.
func refused(name, target string) bypass {
	return bypass{name: name, raw: request("GET", target, ""), status: http.StatusBadRequest}
}

func unknown(name, target string) bypass {
	return bypass{name: name, raw: request("GET", target, ""), status: http.StatusNotFound}
}

func passes(name, target, reached string) bypass {
	return bypass{name: name, raw: request("GET", target, ""), status: http.StatusOK, reached: []string{"GET " + reached}}
}

func TestPathHasOneReading(t *testing.T) {
	runBypasses(t, []bypass{
		passes("plain", "/api/patients/p-1", "/api/patients/p-1"),
		passes("escaped unreserved is written plainly", "/api/%70atients/p%2D1", "/api/patients/p-1"),
		passes("query as sent", "/api/patients?after=a%20b&limit=5", "/api/patients?after=a%20b&limit=5"),
		passes("empty query is dropped", "/api/patients?", "/api/patients"),
		passes("slashes in a query", "/api/patients?next=/../admin", "/api/patients?next=/../admin"),
		refused("dot segments", "/info/../admin"),
		refused("dot segments at the start", "/../admin"),
		refused("dot segment at the end", "/admin/.."),
		refused("one dot", "/./admin"),
		refused("encoded dots", "/info/%2e%2e/admin"),
		refused("half encoded dots", "/info/.%2E/admin"),
		refused("encoded slash", "/info%2Fadmin"),
		refused("encoded slash, lower case", "/api/patients/p-1%2fservices"),
		refused("encoded backslash", "/info%5Cadmin"),
		refused("encoded dots and backslash", "/info/..%5cadmin"),
		refused("backslash", `/info\..\admin`),
		refused("double slash as authority", "//x/admin"),
		refused("double slash", "/api//patients"),
		refused("double slash at the end", "/admin//"),
		refused("matrix parameter", "/admin;x=1"),
		refused("matrix parameter within", "/api;v=2/patients"),
		refused("encoded matrix parameter", "/admin%3bx"),
		refused("fragment", "/admin#frag"),
		refused("encoded fragment", "/admin%23"),
		refused("encoded question mark", "/admin%3Fx"),
		refused("nul", "/admin%00"),
		refused("nul within", "/api/patients/p-1%00.json"),
		refused("line feed", "/admin%0aX:y"),
		refused("carriage return", "/admin%0d"),
		refused("tab", "/admin%09"),
		refused("delete", "/admin%7f"),
		refused("double encoding", "/info/%252e%252e/admin"),
		refused("encoded percent", "/100%25"),
		refused("overlong UTF-8 dot", "/info/%c0%ae%c0%ae/admin"),
		refused("overlong UTF-8 slash", "/info%c0%afadmin"),
		refused("overlong UTF-8 of three bytes", "/info%e0%80%afadmin"),
		refused("encoded surrogate", "/%ed%a0%80"),
		refused("invalid UTF-8", "/%ff"),
		refused("unicode escape of IIS", "/%u002e%u002e/admin"),
		refused("half an escape", "/admin%2"),
		refused("no escape", "/admin%zz"),
		refused("caret", "/^admin"),
		refused("absolute form", "http://pep.test/admin"),
		refused("absolute form elsewhere", "http://127.0.0.1:1/admin"),
		refused("no slash", "admin"),
		refused("asterisk", "*"),
		refused("target of 9 KiB", "/"+strings.Repeat("a", 9<<10)),
	})
}

func TestQueryHasOneReading(t *testing.T) {
	runBypasses(t, []bypass{
		refused("semicolon in the query", "/api/patients?a=1;b=2"),
		refused("bad escape in the query", "/api/patients?a=%zz"),
		refused("nul in the query", "/api/patients?a=%00"),
		refused("line feed in the query", "/api/patients?a=%0aSet-Cookie:x"),
		refused("broken UTF-8 in the query", "/api/patients?a=%c0%ae"),
		refused("method override in the query", "/api/patients/p-1?_method=DELETE"),
		refused("method override, upper case", "/api/patients/p-1?_METHOD=DELETE"),
		refused("method override, encoded", "/api/patients/p-1?%5fmethod=DELETE"),
		refused("method override, no value", "/api/patients/p-1?_method"),
		refused("method override, padded", "/api/patients/p-1?a=b&+_method=DELETE"),
		refused("method override, as PHP reads it", "/api/patients/p-1?.method=DELETE"),
		refused("method override, as PHP reads a blank", "/api/patients/p-1?a=b&%20.method=DELETE"),
		refused("method override, a second question mark", "/api/patients/p-1??_method=DELETE"),
		refused("method override, as a member", "/api/patients/p-1?%5B_method%5D=DELETE"),
	})
}

// TestPathsThatOnlyLookLikeARoute are well-formed, and lead nowhere.
func TestPathsThatOnlyLookLikeARoute(t *testing.T) {
	runBypasses(t, []bypass{
		unknown("trailing slash", "/admin/"),
		unknown("trailing slash after an id", "/api/patients/p-1/"),
		unknown("trailing dot", "/admin."),
		unknown("trailing dot after an id", "/api/patients/p-1."),
		unknown("trailing space, encoded", "/admin%20"),
		unknown("case", "/Admin"),
		unknown("case of an id", "/api/patients/P-1"),
		unknown("three dots", "/.../admin"),
		unknown("one-dot-leader", "/%e2%80%a4%e2%80%a4/admin"),
		unknown("fullwidth dots and slash", "/info/%ef%bc%8e%ef%bc%8e%ef%bc%8fadmin"),
		unknown("fullwidth letters", "/%ef%bd%81dmin"),
		unknown("long id", "/api/patients/"+strings.Repeat("a", 65)),
		unknown("id that looks like an option", "/api/patients/-rf"),
		unknown("id with a quote", "/api/patients/p'--"),
		unknown("root", "/"),
	})
}

func TestRequestLineHasOneReading(t *testing.T) {
	line := func(line string) string { return line + "\r\nHost: pep.test\r\nAuthorization: Bearer {token}\r\n\r\n" }
	runBypasses(t, []bypass{
		{"connect", line("CONNECT 127.0.0.1:22 HTTP/1.1"), 400, nil},
		{"connect with a path", line("CONNECT /admin HTTP/1.1"), 400, nil},
		{"trace", line("TRACE /admin HTTP/1.1"), 400, nil},
		{"options of the server", line("OPTIONS * HTTP/1.1"), 400, nil},
		{"options of a route", line("OPTIONS /admin HTTP/1.1"), 404, nil},
		{"head is decided as get", line("HEAD /admin HTTP/1.1"), 200, []string{"HEAD /admin"}},
		{"lower-case method", line("get /admin HTTP/1.1"), 400, nil},
		{"invented method", line("GETX /admin HTTP/1.1"), 400, nil},
		{"debug method", line("TRACK /admin HTTP/1.1"), 400, nil},
		{"WebDAV", line("PROPFIND /admin HTTP/1.1"), 400, nil},
		{"HTTP/0.9", "GET /admin\r\n\r\n", 400, nil},
		{"HTTP/1.0", line("GET /admin HTTP/1.0"), 200, []string{"GET /admin"}},
		{"HTTP/1.0 without Host", "GET /admin HTTP/1.0\r\nAuthorization: Bearer {token}\r\n\r\n", 200, []string{"GET /admin"}},
		{"HTTP/1.1 without Host", "GET /admin HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n", 400, nil},
		{"HTTP/1.2 is a kind of HTTP/1.1", line("GET /admin HTTP/1.2"), 200, []string{"GET /admin"}},
		{"HTTP/3.0", line("GET /admin HTTP/3.0"), 505, nil},
		{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, nil},
		{"two blanks", line("GET  /admin HTTP/1.1"), 400, nil},
		{"a tab", line("GET\t/admin HTTP/1.1"), 400, nil},
		{"a blank in the target", line("GET /admin /x HTTP/1.1"), 400, nil},
		{"leading empty line", "\r\n" + line("GET /admin HTTP/1.1"), 400, nil},
		{"raw UTF-8", line("GET /ädmin HTTP/1.1"), 400, nil},
		{"raw control", line("GET /ad\x01min HTTP/1.1"), 400, nil},
		{"TLS hello to a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 400, nil},
	})
}
