package extauth_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/extauth"
)

// An answer is what a proxy gets to its question.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ask sends raw bytes from a local address, and hangs up after one answer.
// "{token}" becomes a good token.
func (w *world) ask(from, raw string) answer {
	w.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := dialer.Dial("tcp", w.address)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, strings.ReplaceAll(raw, "{token}", w.token)); err != nil {
		w.t.Fatal(err)
	}
	method, _, _ := strings.Cut(raw, " ")
	res, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		w.t.Fatalf("no answer: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, body}
}

const bearer = "Authorization: Bearer {token}"

// carrier is the raw request in which a proxy asks.
func carrier(path string, lines ...string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: wardgate.internal\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// forwardAuth is what Traefik and Caddy send, with more header lines.
func forwardAuth(method, uri string, lines ...string) string {
	return carrier(extauth.ForwardAuthPath, append([]string{
		"X-Forwarded-Method: " + method, "X-Forwarded-Proto: https", "X-Forwarded-Host: hospital.test",
		"X-Forwarded-Uri: " + uri, "X-Forwarded-For: 192.0.2.7"}, lines...)...)
}

// authRequest is what nginx sends.
func authRequest(method, url string, lines ...string) string {
	return carrier(extauth.AuthRequestPath, append([]string{
		"X-Original-Method: " + method, "X-Original-URL: " + url, "X-Forwarded-For: 192.0.2.7"}, lines...)...)
}

func without(raw, name string) string {
	lines := slices.DeleteFunc(strings.Split(raw, "\r\n"), func(l string) bool { return strings.HasPrefix(l, name+":") })
	return strings.Join(lines, "\r\n")
}

func with(raw, name, value string) string {
	return strings.Replace(without(raw, name), "\r\n", "\r\n"+name+": "+value+"\r\n", 1)
}

func TestAllowedRequestsCarryTheirAssertion(t *testing.T) {
	w := newWorld(t, nil)
	for _, tt := range []struct{ name, raw, application, method, target string }{
		{"forward-auth", forwardAuth("GET", "/api/patients/p-1?after=a%20b", bearer), "records", "GET", "/api/patients/p-1?after=a%20b"},
		{"forward-auth, escaped path", forwardAuth("GET", "/api/%70atients/p%2D1", bearer), "records", "GET", "/api/patients/p-1"},
		{"forward-auth, a body that is not shown", forwardAuth("POST", "/api/patients", bearer), "records", "POST", "/api/patients"},
		{"forward-auth, for an application elsewhere", forwardAuth("GET", "/images", bearer), "imaging", "GET", "/images"},
		{"auth-request", authRequest("GET", "https://hospital.test/api/patients/p-1?after=a%20b", bearer), "records", "GET", "/api/patients/p-1?after=a%20b"},
		{"auth-request with a port", authRequest("GET", "http://hospital.test:8443/api/patients", bearer), "records", "GET", "/api/patients"},
		{"auth-request, another spelling", strings.Replace(authRequest("GET", "https://hospital.test/api/patients", bearer), "X-Original-URL", "x-original-url", 1), "records", "GET", "/api/patients"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.ask("127.0.0.1", tt.raw)
			if a.status != http.StatusOK || len(a.body) != 0 {
				t.Fatalf("got %d %s", a.status, a.body)
			}
			w.delegated(tt.application, a.header.Get(assertion.Header), a.header.Get(extauth.DecisionHeader), tt.method, tt.target, nil)
			if e := w.journal.of(t, a.header.Get(extauth.DecisionHeader)); e.Address != "192.0.2.7" {
				t.Errorf("the client's address is recorded as %q", e.Address)
			}
			if got := w.backend.taken(); len(got) != 0 {
				t.Errorf("asking forwarded %d requests", len(got))
			}
		})
	}
}

func TestDenialsAreThoseOfTheEnforcementPoint(t *testing.T) {
	w := newWorld(t, nil)
	for _, tt := range []struct {
		name, method, uri, token string
		status, nginx            int
		reason, challenge        string
	}{
		{"no session", "GET", "/api/patients", "", 401, 401, "session_missing", "Bearer"},
		{"a bad token", "GET", "/api/patients", "Authorization: Bearer x.y.z", 401, 401, "token_invalid", `Bearer error="invalid_token"`},
		{"a fresh factor would do", "DELETE", "/api/patients/p-1", bearer, 401, 401, "step_up_required",
			`Bearer error="insufficient_user_authentication", acr_values="aal3", max_age="300"`},
		{"forbidden", "GET", "/forbidden/p-1", bearer, 403, 403, "role_forbidden", ""},
		{"unknown facts", "GET", "/unsure/p-1", bearer, 503, 403, "care_unknown", ""},
		{"no route", "GET", "/nowhere", bearer, 404, 403, "route_unknown", ""},
		{"nobody forwards there", "GET", "/nobody", bearer, 503, 403, "application_unavailable", ""},
		{"an application elsewhere cannot be limited", "GET", "/images/p-1", bearer, 403, 403, "obligation_unmet", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines := []string{"Accept: */*"}
			if tt.token != "" {
				lines = append(lines, tt.token)
			}
			asked := []struct {
				a      answer
				status int
			}{
				{w.ask("127.0.0.1", forwardAuth(tt.method, tt.uri, lines...)), tt.status},
				{w.ask("127.0.0.1", authRequest(tt.method, "https://hospital.test"+tt.uri, lines...)), tt.nginx},
			}
			for _, got := range asked {
				d := document(t, got.a.body)
				if got.a.status != got.status || d.Status != got.status || !slices.Equal(d.Reasons, []string{tt.reason}) {
					t.Errorf("got %d %s, want %d %s", got.a.status, got.a.body, got.status, tt.reason)
				}
				if got.a.header.Get("WWW-Authenticate") != tt.challenge || got.a.header.Get("Content-Type") != problem.ContentType {
					t.Errorf("got headers %v", got.a.header)
				}
				if got.a.header.Get(assertion.Header) != "" {
					t.Error("a denial carries an assertion")
				}
				if e := w.journal.of(t, d.Decision); e.Allow || e.Detail != "extauth" {
					t.Errorf("recorded as %+v", e)
				}
			}
		})
	}
}

// TestStrangersCannotAsk: for a peer that is not trusted the endpoints are
// paths like any other, and what its headers claim is used for nothing.
func TestStrangersCannotAsk(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.Hosts = nil })
	for _, tt := range []struct{ name, from, raw string }{
		{"forward-auth", "127.0.0.2", forwardAuth("GET", "/api/patients", bearer)},
		{"auth-request", "127.0.0.2", authRequest("GET", "https://hospital.test/api/patients", bearer)},
		{"claims to be the proxy", "127.0.0.2", with(forwardAuth("GET", "/api/patients", bearer), "X-Forwarded-For", "127.0.0.1")},
		{"trusted, with a query", "127.0.0.1", strings.Replace(forwardAuth("GET", "/api/patients", bearer), "-auth ", "-auth?x ", 1)},
		{"trusted, with a slash", "127.0.0.1", strings.Replace(forwardAuth("GET", "/api/patients", bearer), "-auth ", "-auth/ ", 1)},
		{"trusted, escaped", "127.0.0.1", strings.Replace(forwardAuth("GET", "/api/patients", bearer), "forward-auth ", "forward%2Dauth ", 1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.ask(tt.from, tt.raw)
			d := document(t, a.body)
			if a.status != http.StatusNotFound || !slices.Equal(d.Reasons, []string{"route_unknown"}) || a.header.Get(assertion.Header) != "" {
				t.Fatalf("got %d %s", a.status, a.body)
			}
			if e := w.journal.of(t, d.Decision); e.Allow || e.Detail != "" || e.Action != "" || e.Address != tt.from {
				t.Errorf("recorded as %+v", e)
			}
		})
	}
	trusting, err := extauth.NewHTTP(never{t}, http.NotFoundHandler(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: trusting}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	w.address = l.Addr().String()
	if a := w.ask("127.0.0.1", forwardAuth("GET", "/api/patients", bearer)); a.status != http.StatusNotFound {
		t.Errorf("without trusted proxies: got %d", a.status)
	}
	_ = s.Close()
	<-done
}

func TestFaultsDeny(t *testing.T) {
	for name, change := range map[string]func(*world){
		"journal fails":   func(w *world) { w.journal.fail = errors.New("disk full") },
		"journal panics":  func(w *world) { w.config.Journal = panicking{} },
		"decider panics":  func(w *world) { w.config.Decider = panicking{} },
		"tables panic":    func(w *world) { w.config.Tables = panicking{} },
		"tables are none": func(w *world) { w.config.Tables = panicking{quiet: true} },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, change)
			for raw, want := range map[string]int{
				forwardAuth("GET", "/api/patients", bearer):                      http.StatusServiceUnavailable,
				authRequest("GET", "https://hospital.test/api/patients", bearer): http.StatusForbidden,
			} {
				if a := w.ask("127.0.0.1", raw); a.status != want || a.header.Get(assertion.Header) != "" {
					t.Errorf("got %d %s, want %d", a.status, a.body, want)
				}
			}
			if strings.Contains(w.logs.String(), w.token) {
				t.Error("a log holds a token")
			}
		})
	}
}

func TestTheZeroQuestionIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	if v := w.proxy.Check(t.Context(), &pep.Question{}); v.Allow || v.Problem.Status < 400 {
		t.Errorf("got %+v", v)
	}
	if v := w.proxy.Check(t.Context(), nil); v.Allow || v.Problem.Status < 400 {
		t.Errorf("no question: got %+v", v)
	}
}

// TestCaddyAsksWithTheQueryOfItsRequest: its rewritten path keeps it.
func TestCaddyAsksWithTheQueryOfItsRequest(t *testing.T) {
	w := newWorld(t, func(w *world) { w.config.Hosts = nil })
	ask := func(query, uri string) answer {
		return w.ask("127.0.0.1", with(strings.Replace(forwardAuth("GET", "/api/patients", bearer), "-auth ", "-auth?"+query+" ", 1), "X-Forwarded-Uri", uri))
	}
	if a := ask("after=a%20b", "/api/patients?after=a%20b"); a.status != http.StatusOK {
		t.Errorf("the query of the request: got %d %s", a.status, a.body)
	}
	for _, other := range []string{"/api/patients?after=b", "/api/patients", "/api/patients?after=a b"} {
		if a := ask("after=a%20b", other); a.status != http.StatusNotFound || a.header.Get(assertion.Header) != "" {
			t.Errorf("%s: got %d %s", other, a.status, a.body)
		}
	}
}

// TestABodyThatAProxyShowsIsJudged, and one that it hides goes only where the
// application itself refuses it.
func TestABodyThatAProxyShowsIsJudged(t *testing.T) {
	w := newWorld(t, nil)
	for _, tt := range []struct {
		name, method, uri, body string
		status                  int
	}{
		{"taken", "POST", "/images", `{"a":1}`, 200},
		{"of two readings", "POST", "/images", `{"a":1,"a":2}`, 400},
		{"where none is taken", "GET", "/images", `{}`, 400},
		{"hidden, elsewhere", "POST", "/images", "", 400},
		{"hidden, elsewhere, where none is taken", "DELETE", "/images/p-1", "", 400},
		{"none, elsewhere", "GET", "/images", "", 200},
		{"hidden, for a service that refuses it", "POST", "/api/patients", "", 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lines := []string{bearer, "Content-Type: application/json"}
			if tt.body != "" {
				lines = append(lines, "Content-Length: "+strconv.Itoa(len(tt.body)))
			}
			if a := w.ask("127.0.0.1", forwardAuth(tt.method, tt.uri, lines...)+tt.body); a.status != tt.status {
				t.Errorf("got %d %s, want %d", a.status, a.body, tt.status)
			}
		})
	}
}

// TestACookieThatBecameAHeaderIsPresentedAsCookie: a browser sends it wherever a
// request begins.
func TestACookieThatBecameAHeaderIsPresentedAsCookie(t *testing.T) {
	var presented string
	w := newWorld(t, func(w *world) {
		w.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
			presented = r.Context.Credential.Presented
			return sessionPolicy(ctx, r)
		})
	})
	half := len(w.token) / 2
	for _, tt := range []struct{ name, cookie, want string }{
		{"no cookie", "", "header"},
		{"another cookie", "Cookie: theme=dark", "header"},
		{"the token", "Cookie: theme=dark; session=" + w.token, "cookie"},
		{"quoted, with a scheme", "Cookie: session=\"Bearer " + w.token + "\"", "cookie"},
		{"spread over two", "Cookie: s0=" + w.token[:half] + "; s1=" + w.token[half:], "cookie"},
	} {
		lines := []string{bearer}
		if tt.cookie != "" {
			lines = append(lines, tt.cookie)
		}
		for kind, raw := range map[string]string{
			"forward-auth": forwardAuth("GET", "/api/patients", lines...),
			"auth-request": authRequest("GET", "https://hospital.test/api/patients", lines...),
		} {
			presented = "nothing"
			if a := w.ask("127.0.0.1", raw); a.status != http.StatusOK || presented != tt.want {
				t.Errorf("%s, %s: got %d, presented %q, want %q", tt.name, kind, a.status, presented, tt.want)
			}
		}
	}
}
