package extauth_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pep/extauth"
)

// A hostile question, and the code with which it is refused.
type hostile struct{ name, raw, reason string }

var (
	goodForward = forwardAuth("GET", "/api/patients", bearer)
	goodRequest = authRequest("GET", "https://hospital.test/api/patients", bearer)
)

// line adds one more header line.
func line(raw, line string) string { return strings.Replace(raw, "\r\n", "\r\n"+line+"\r\n", 1) }

// valueIn is the value that a header has in raw bytes.
func valueIn(raw, name string) string {
	_, value, _ := strings.Cut(raw, name+": ")
	value, _, _ = strings.Cut(value, "\r\n")
	return value
}

// notOnce breaks the rule that each describing header is there exactly once.
func notOnce(raw string, names ...string) []hostile {
	var all []hostile
	for _, name := range names {
		value := valueIn(raw, name)
		for what, broken := range map[string]string{
			"missing":     without(raw, name),
			"empty":       with(raw, name, ""),
			"twice":       line(raw, name+": "+value),
			"underscores": line(raw, strings.ReplaceAll(name, "-", "_")+": "+value),
		} {
			all = append(all, hostile{name + " " + what, broken, "forwarded_ambiguous"})
		}
	}
	return all
}

// misdescribed are descriptions that no proxy writes, or that have a second one
// beside them.
func misdescribed() []hostile {
	var all []hostile
	for name, raw := range map[string]string{
		"proxy chain":                 with(goodForward, "X-Forwarded-For", "127.0.0.1, 192.0.2.7"),
		"address with a port":         with(goodForward, "X-Forwarded-For", "192.0.2.7:80"),
		"address with a zone":         with(goodForward, "X-Forwarded-For", "fe80::1%eth0"),
		"no address":                  with(goodForward, "X-Forwarded-For", "unknown"),
		"scheme of a websocket":       with(goodForward, "X-Forwarded-Proto", "wss"),
		"two schemes":                 with(goodForward, "X-Forwarded-Proto", "https,http"),
		"two hosts":                   with(goodForward, "X-Forwarded-Host", "hospital.test, evil.test"),
		"user info in the host":       with(goodForward, "X-Forwarded-Host", "hospital.test@evil.test"),
		"path in the host":            with(goodForward, "X-Forwarded-Host", "hospital.test/x"),
		"URL of nginx beside":         line(goodForward, "X-Original-URL: https://hospital.test/api/patients/p-1"),
		"rewritten URL beside":        line(goodForward, "X-Rewrite-URL: /api/patients/p-1"),
		"method override":             line(goodForward, "X-HTTP-Method-Override: DELETE"),
		"method override, underscore": line(goodForward, "X_Http_Method_Override: DELETE"),
		"URI of Traefik at nginx":     line(goodRequest, "X-Forwarded-Uri: /api/patients/p-1"),
		"method override at nginx":    line(goodRequest, "X-Method-Override: DELETE"),
		"URL without a host":          with(goodRequest, "X-Original-URL", "https:///api/patients"),
		"URL without a scheme":        with(goodRequest, "X-Original-URL", "/api/patients"),
		"URL with user info":          with(goodRequest, "X-Original-URL", "https://hospital.test@evil.test/api/patients"),
		"URL without a path":          with(goodRequest, "X-Original-URL", "https://hospital.test"),
		"URL of a file":               with(goodRequest, "X-Original-URL", "file://hospital.test/api/patients"),
		"two URLs":                    with(goodRequest, "X-Original-URL", "https://hospital.test, https://hospital.test/api/patients"),
	} {
		all = append(all, hostile{name, raw, "forwarded_ambiguous"})
	}
	return all
}

// targets and methods that have two readings, by either way of asking.
func twoReadings() []hostile {
	var all []hostile
	for uri, reason := range map[string]string{
		"/api/patients/../patients": "path_ambiguous", "/api//patients": "path_ambiguous",
		"//evil.test/api/patients": "path_ambiguous", "/api%2Fpatients": "path_ambiguous",
		"/api/patients/%2e%2e/x": "path_ambiguous", "/api/patients;x": "path_ambiguous",
		"/api/patients%00": "path_ambiguous", "/api/%252e%252e/patients": "path_ambiguous",
		"/api/%c0%ae/x": "path_ambiguous", "/api/patients?a=1;b=2": "query_ambiguous",
		"/api/patients?_method=DELETE": "query_ambiguous", "/api/patients#x": "target_ambiguous",
		`/api\patients`: "target_ambiguous", "/api/patients x": "target_ambiguous",
		"/api/patients, /images": "target_ambiguous", "/" + strings.Repeat("a", 9<<10): "target_ambiguous",
	} {
		all = append(all,
			hostile{"forward-auth " + uri[:min(len(uri), 30)], with(goodForward, "X-Forwarded-Uri", uri), reason},
			hostile{"auth-request " + uri[:min(len(uri), 30)], with(goodRequest, "X-Original-URL", "https://hospital.test"+uri), reason})
	}
	for _, uri := range []string{"https://hospital.test/api/patients", "https://evil.test/", "api/patients", "*"} {
		all = append(all, hostile{"forward-auth " + uri, with(goodForward, "X-Forwarded-Uri", uri), "target_ambiguous"})
	}
	for _, method := range []string{"get", "CONNECT", "TRACE", "GET, DELETE", "GETX"} {
		all = append(all,
			hostile{"forward-auth " + method, with(goodForward, "X-Forwarded-Method", method), "method_refused"},
			hostile{"auth-request " + method, with(goodRequest, "X-Original-Method", method), "method_refused"})
	}
	return all
}

// TestHostileHeaders: a request that is described in no way or in two is
// turned away, with evidence.
func TestHostileHeaders(t *testing.T) {
	tests := slices.Concat(
		[]hostile{
			{"double Authorization", line(goodForward, bearer), "header_repeated"},
			{"double Authorization at nginx", line(goodRequest, bearer), "header_repeated"},
			{"unknown host", with(goodForward, "X-Forwarded-Host", "evil.test"), "host_unknown"},
			{"unknown host at nginx", with(goodRequest, "X-Original-URL", "https://evil.test/api/patients"), "host_unknown"},
		},
		notOnce(goodForward, "X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-For"),
		notOnce(goodRequest, "X-Original-Method", "X-Original-URL", "X-Forwarded-For"),
		misdescribed(),
		twoReadings())
	w := newWorld(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := w.ask("127.0.0.1", tt.raw)
			d := document(t, a.body)
			want := http.StatusBadRequest
			if tt.reason == "host_unknown" {
				want = http.StatusMisdirectedRequest
			}
			if strings.Contains(tt.raw, extauth.AuthRequestPath) {
				want = http.StatusForbidden
			}
			if a.status != want || !slices.Equal(d.Reasons, []string{tt.reason}) || a.header.Get(assertion.Header) != "" {
				t.Errorf("got %d %s, want %d %s", a.status, a.body, want, tt.reason)
			}
			if e := w.journal.of(t, d.Decision); e.Allow || e.Detail != "extauth" {
				t.Errorf("recorded as %+v", e)
			}
		})
	}
}
