package extauth_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
)

// A sent request is one that a client could send to any proxy.
type sent struct {
	method, target, host string
	headers              [][2]string
	body                 string
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// invent makes a request, honest or not, of pieces that matter.
func (w *world) invent(r *rand.Rand) sent {
	s := sent{
		method: pick(r, "GET", "GET", "GET", "GET", "GET", "GET", "POST", "POST", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "get"),
		target: pick(r, "/api/patients", "/api/patients", "/api/patients", "/api/patients/p-1", "/forbidden/p-1", "/unsure/p-1", "/nobody"),
		host:   pick(r, "hospital.test", "hospital.test", "hospital.test", "hospital.test", "hospital.test", "hospital.test", "hospital.test:8443", "evil.test"),
	}
	for range pick(r, 0, 0, 0, 0, 1, 1, 2) {
		at := r.IntN(len(s.target) + 1)
		piece := pick(r, "/", "//", "/.", "/..", "%2e", "%2F", "%70", "%2D", ";", "?", "?a=b", "&", "=", "+", "%", "%00", "%zz",
			"%c0%ae", "x", "-", "_method=PUT", "\\", "|", "~", "%7e", "A", "%C3%A9", ":", "@", ",", "(", "'")
		s.target = s.target[:at] + piece + s.target[at:]
	}
	good := [][2]string{{"Authorization", "Bearer " + w.token}}
	s.headers = append(s.headers, pick(r, good, good, good, good, good, good, good, good, good, good, [][2]string{{"authorization", "bearer " + w.token}},
		[][2]string{{"Authorization", "Bearer " + w.token + "x"}},
		[][2]string{{"Authorization", "Basic " + w.token}}, [][2]string{{"Authorization", "Bearer " + w.token}, {"Authorization", "Bearer x"}}, nil)...)
	s.headers = append(s.headers, pick(r, nil, nil, [][2]string{{"X-User", "root"}}, [][2]string{{"Cookie", "a=b"}, {"X_User", "root"}},
		[][2]string{{"Wardgate-Assertion", "forged"}}, [][2]string{{"User-Agent", "a"}}, [][2]string{{"If-Match", "1"}, {"If-Match", "2"}})...)
	if s.method == "POST" && r.IntN(4) > 0 {
		s.body = pick(r, `{"a":1}`, `{"b":1.5}`, `[1,2]`, `{"a":1,"a":2}`, `{"a":1,"A":2}`, `{"n":9007199254740993}`, `{"a":`, `x`)
	}
	return s
}

func (s *sent) lines() []string {
	var lines []string
	for _, h := range s.headers {
		lines = append(lines, h[0]+": "+h[1])
	}
	return lines
}

// direct sends the request through Wardgate's own proxy, from an address that
// is not trusted, and reports whether the application got it.
func (w *world) direct(s *sent) bool {
	w.t.Helper()
	lines := append([]string{"Host: " + s.host, "Connection: close"}, s.lines()...)
	if s.body != "" {
		lines = append(lines, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(s.body)))
	}
	w.ask("127.0.0.2", s.method+" "+s.target+" HTTP/1.1\r\n"+strings.Join(lines, "\r\n")+"\r\n\r\n"+s.body)
	return len(w.backend.taken()) == 1
}

// envoys asks as Envoy: with every header on its own, or with those of one name
// joined, as it does by default.
func (w *world) envoys(s *sent, joined bool) bool {
	w.t.Helper()
	var pairs []string
	texts := map[string]string{}
	add := func(name, value string) {
		name = strings.ToLower(name)
		pairs = append(pairs, name, value)
		if before, again := texts[name]; again {
			value = before + "," + value
		}
		texts[name] = value
	}
	add(":method", s.method)
	add(":path", s.target)
	for _, h := range s.headers {
		add(h[0], h[1])
	}
	if s.body != "" {
		add("content-type", "application/json")
		add("content-length", fmt.Sprint(len(s.body)))
		add("x-envoy-auth-partial-body", "false")
	}
	r := w.asEnvoy(s.method, s.target, []byte(s.body), func(a *auth.AttributeContext) {
		a.Source.Address = socket("127.0.0.2")
		a.Request.Http.Host = s.host
		a.Request.Http.Headers = texts
		if !joined {
			a.Request.Http.Headers = nil
			rawHeaders(pairs...)(a)
		}
	})
	return allows(w.t, w.check(r))
}

// TestOthersForwardExactlyWhatWardgateForwards sends each request once through
// Wardgate's proxy, and describes it in every way in which proxies ask.
func TestOthersForwardExactlyWhatWardgateForwards(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.Proxied = nil })
	r := rand.New(rand.NewPCG(1, 2))
	var forwarded, turnedAway int
	for range 1500 {
		s := w.invent(r)
		want := w.direct(&s)
		if want {
			forwarded++
		} else {
			turnedAway++
		}
		got := map[string]bool{"Envoy": w.envoys(&s, false)}
		// Two If-Match headers joined into one are one header that no reader can
		// take apart again; all others stay refused.
		if !strings.Contains(strings.Join(s.lines(), "\n"), "If-Match") {
			got["Envoy, headers joined"] = w.envoys(&s, true)
		}
		if s.body == "" {
			forward := with(forwardAuth(s.method, s.target, s.lines()...), "X-Forwarded-For", "127.0.0.2")
			forward = with(forward, "X-Forwarded-Host", s.host)
			got["forward-auth"] = w.ask("127.0.0.1", forward).status == http.StatusOK
		}
		// nginx writes host and target into one URL, after it has refused a target
		// that does not begin with a slash, and a host that holds one.
		if s.body == "" && s.target[0] == '/' {
			request := with(authRequest(s.method, "https://"+s.host+s.target, s.lines()...), "X-Forwarded-For", "127.0.0.2")
			got["auth-request"] = w.ask("127.0.0.1", request).status == http.StatusOK
		}
		for way, allowed := range got {
			if allowed != want {
				t.Errorf("%s %s to %s with %d headers, body %q: %s allows %t, Wardgate forwards %t",
					s.method, s.target, s.host, len(s.headers), s.body, way, allowed, want)
			}
		}
	}
	t.Logf("%d forwarded, %d turned away", forwarded, turnedAway)
	if forwarded < 100 || turnedAway < 100 {
		t.Errorf("%d forwarded and %d turned away show nothing", forwarded, turnedAway)
	}
}
