package pep_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/assertion"
)

// ownHeaders are the names that the enforcement point and its transport write.
var ownHeaders = []string{"Host", assertion.Header, "X-Forwarded-For", "X-Forwarded-Proto"}

func TestNoForgedHeaderReachesAnApplication(t *testing.T) {
	forged := []string{
		"Wardgate-Assertion: forged", "wardgate-assertion: forged", "WARDGATE-ASSERTION: forged",
		"wardgate_assertion: forged", "Wardgate_Assertion: forged", "WARDGATE-assertion: forged",
		"Wardgate-Patients: p-9", "Wardgate-Subject: root",
		"X-User: root", "X_User: root", "x-user: root", "X-USER: root", "x_user: root",
		"Remote-User: root", "REMOTE_USER: root", "X-Remote-User: root", "X-Auth-Request-User: root",
		"X-Webauth-User: root", "X-Authenticated-User: root", "X-User-Id: 1", "X-Role: admin",
		"X-Forwarded-User: root", "X-Forwarded-Email: root@x", "X-Forwarded-Groups: admin",
		"X-Forwarded-For: 127.0.0.1", "X_Forwarded_For: 127.0.0.1", "x-forwarded-for: 10.0.0.1",
		"X-Forwarded-Host: admin.internal", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443",
		"X-Forwarded-Prefix: /admin", "X-Forwarded-Server: x", "X-Forwarded-Uri: /admin", "X-Forwarded-Method: DELETE",
		"Forwarded: for=127.0.0.1;host=admin", "Via: 1.1 x", "X-Real-Ip: 127.0.0.1", "X-Client-Ip: 127.0.0.1",
		"True-Client-Ip: 127.0.0.1", "CF-Connecting-IP: 127.0.0.1", "X-Cluster-Client-Ip: 127.0.0.1",
		"X-Original-Url: /admin", "X-Rewrite-Url: /admin", "X-Original-Uri: /admin", "X-Original-Method: DELETE",
		"X-Http-Method-Override: DELETE", "X-Http-Method: DELETE", "X-Method-Override: DELETE", "X_HTTP_METHOD_OVERRIDE: DELETE",
		"X-Client-Cert: x", "X-Forwarded-Client-Cert: By=x", "X-Ssl-Client-Verify: SUCCESS", "X-Envoy-Original-Path: /admin",
		"X-Amzn-Oidc-Identity: root", "X-Goog-Authenticated-User-Email: root", "X-Ms-Client-Principal-Name: root",
		"Cookie: session=1", "Cookie2: $Version=1", "Proxy-Authorization: Basic cm9vdDpyb290", "Proxy-Connection: keep-alive",
		"Te: trailers", "Trailer: X-User", "Keep-Alive: timeout=5", "Upgrade-Insecure-Requests: 1",
		"Accept-Encoding: gzip", "Range: bytes=0-", "Origin: https://evil.test", "Referer: https://x.test/?code=1",
		"Destination: /admin", "X-Api-Key: k", "Api-Key: k", "Proxy: http://evil.test", "Max-Forwards: 0",
		"Content-Location: /admin", "Sec-Fetch-Site: none", "Expect-Ct: x", "Traceparent2: x",
	}
	for _, line := range forged {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			answers := w.send(request("GET", "/api/patients/p-1", "", line))
			w.drain()
			got, _ := w.backend.requests()
			if len(answers) != 1 || answers[0].status != http.StatusOK || len(got) != 1 {
				t.Fatalf("got %v and %d requests, want one of each", answers, len(got))
			}
			names := canonicalNames(got[0].names())
			slices.Sort(names)
			want := slices.Clone(ownHeaders)
			slices.Sort(want)
			if !slices.Equal(names, want) {
				t.Errorf("the backend got %q, want only %q", names, want)
			}
			if from := got[0].values("X-Forwarded-For"); !slices.Equal(from, []string{"127.0.0.1"}) {
				t.Errorf("X-Forwarded-For %q", from)
			}
			if proto := got[0].values("X-Forwarded-Proto"); !slices.Equal(proto, []string{"http"}) {
				t.Errorf("X-Forwarded-Proto %q", proto)
			}
		})
	}
}

func TestHonestHeadersPassUnchanged(t *testing.T) {
	t.Parallel()
	honest := []string{
		"Accept: application/json", "Accept-Language: de, en;q=0.5", "If-Match: \"3\"", "If-None-Match: \"a\"",
		"If-Modified-Since: Mon, 02 Jan 2006 15:04:05 GMT", "If-Unmodified-Since: Mon, 02 Jan 2006 15:04:05 GMT",
		"Idempotency-Key: k-1", "Prefer: return=minimal", "User-Agent: test/1",
		"Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "Tracestate: a=b",
		"Content-Type: application/json; charset=UTF-8",
	}
	w := newWorld(t, nil)
	// Whatever Connection names is not lost on the way either.
	raw := request("GET", "/api/patients", "", append(honest, "Connection: close, If-Match, Wardgate-Assertion, X-Forwarded-For")...)
	answers := w.send(raw)
	w.drain()
	got, _ := w.backend.requests()
	if len(answers) != 1 || len(got) != 1 {
		t.Fatalf("got %v, %d requests", answers, len(got))
	}
	for _, line := range honest {
		name, value, _ := strings.Cut(line, ": ")
		if values := got[0].values(name); !slices.Equal(values, []string{value}) {
			t.Errorf("%s: got %q, want %q", name, values, value)
		}
	}
	if len(got[0].values(assertion.Header)) != 1 || len(got[0].values("X-Forwarded-For")) != 1 {
		t.Errorf("Connection removed what the enforcement point adds: %q", got[0].names())
	}
}

// TestTokenReachesNobody looks for the token itself in all that the backend got.
func TestTokenReachesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.send(request("GET", "/api/patients", "", "Cookie: a={token}", "X-Token: {token}", "Proxy-Authorization: Bearer {token}"))
	w.drain()
	got, _ := w.backend.requests()
	if len(got) != 1 {
		t.Fatalf("got %d requests", len(got))
	}
	for _, line := range got[0].header {
		if strings.Contains(line, w.tokens.good()) || strings.HasPrefix(strings.ToLower(line), "authorization") {
			t.Errorf("the token reached the backend")
		}
	}
}

func TestRepeatedHeadersAreRefused(t *testing.T) {
	get := func(lines ...string) string { return request("GET", "/api/patients", "", lines...) }
	var table []bypass
	for _, name := range []string{
		"Authorization", "Content-Type", "Content-Encoding", "Cookie", "Idempotency-Key", "If-Match",
		"If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Traceparent", "User-Agent",
	} {
		table = append(table, bypass{name, get(name+": a", strings.ToLower(name)+": b"), 400, nil})
	}
	table = append(table,
		bypass{"Authorization and a folded spelling", get("AUTHORIZATION: Bearer x"), 400, nil},
		bypass{"Authorization again, empty", get("Authorization:"), 400, nil},
		bypass{"Host twice", get("Host: admin.internal"), 400, nil},
		bypass{"Host twice, the same", get("Host: pep.test"), 400, nil},
		bypass{"Host with a path", strings.Replace(get(), "pep.test", "pep.test/admin", 1), 400, nil},
		bypass{"Host with a blank", strings.Replace(get(), "pep.test", "pep test", 1), 400, nil},
		bypass{"Host with a user", strings.Replace(get(), "pep.test", "pep.test@evil", 1), 400, nil},
		bypass{"Host with a port's tail", strings.Replace(get(), "pep.test", "pep.test:80x", 1), 400, nil},
		bypass{"Host with two ports", strings.Replace(get(), "pep.test", "pep.test:80:81", 1), 400, nil},
		bypass{"Host with an empty port", strings.Replace(get(), "pep.test", "pep.test:", 1), 400, nil},
		bypass{"Host with a port out of range", strings.Replace(get(), "pep.test", "pep.test:65536", 1), 400, nil},
		bypass{"Host with a bracket's tail", strings.Replace(get(), "pep.test", "[::1]x", 1), 400, nil},
		bypass{"Host with a comma", strings.Replace(get(), "pep.test", "pep.test,evil", 1), 400, nil},
		bypass{"Host with an address", strings.Replace(get(), "pep.test", "[::1]:8080", 1), 200, []string{"GET /api/patients"}},
		bypass{"Content-Length twice, unlike", get("Content-Length: 0", "Content-Length: 5"), 400, nil},
		bypass{"Transfer-Encoding twice", get("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), 501, nil},
		bypass{"blank before the colon", get("X-A : b"), 400, nil},
		bypass{"no name", get(": b"), 400, nil},
		bypass{"no colon", get("nothing"), 400, nil},
		bypass{"nul in a value", get("X-A: a\x00b"), 400, nil},
		bypass{"bare CR in a value", get("X-A: a\rX-User: root"), 400, nil},
		bypass{"32 KiB and more of headers", get("X-A: " + strings.Repeat("a", 40<<10)), 431, nil},
		bypass{"5,000 headers", get(slices.Repeat([]string{"X-A: abcdefgh"}, 5000)...), 431, nil},
		bypass{"a bare LF ends a line for some", get("X-A: a\nX-User: root"), 400, nil},
	)
	runBypasses(t, table)
}

func TestUpgradesDoNotPass(t *testing.T) {
	for name, lines := range map[string][]string{
		"h2c":                  {"Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"},
		"websocket":            {"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="},
		"h2c without settings": {"Connection: upgrade", "Upgrade: h2c"},
		"upgrade alone":        {"Upgrade: h2c"},
		"TLS":                  {"Connection: Upgrade", "Upgrade: TLS/1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			// The second request on the connection is judged like any other.
			answers := w.sendAll(request("GET", "/info", "", lines...)+"GET /admin HTTP/1.1\r\nHost: pep.test\r\n\r\n", 2)
			w.drain()
			got, _ := w.backend.requests()
			if len(answers) != 2 || answers[0].status != 200 || answers[1].status != 401 || len(got) != 1 {
				t.Fatalf("got %v and %d requests", answers, len(got))
			}
			for _, name := range []string{"Upgrade", "Connection", "HTTP2-Settings", "Sec-WebSocket-Key"} {
				if values := got[0].values(name); len(values) > 0 {
					t.Errorf("%s reached the backend: %q", name, values)
				}
			}
		})
	}
}

func TestExpectIsAnsweredByTheEnforcementPoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	body := `{"name":"x"}`
	answers := w.send(request("POST", "/api/patients", body,
		"Content-Type: application/json", "Content-Length: 12", "Expect: 100-continue"))
	w.drain()
	got, _ := w.backend.requests()
	if len(answers) == 0 || len(got) != 1 || got[0].body != body || len(got[0].values("Expect")) > 0 {
		t.Fatalf("got %v, backend %v", answers, got)
	}
	refused := newWorld(t, nil)
	if a := refused.send(request("GET", "/info", "", "Expect: 200-ok")); len(a) != 1 || a[0].status != http.StatusExpectationFailed {
		t.Errorf("an unknown expectation: got %v, want 417", a)
	}
}
