package pep_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pip"
)

// denying answers every question with a denial.
func denying(reasons []string, obligations ...pdp.Obligation) deciderFunc {
	return func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
		return pdp.Decision{Revision: r.Context.Route, Reasons: reasons, Obligations: obligations}, nil
	}
}

// TestNobodyEscapesARevocationByHangingUp: the decision to revoke is carried
// out though the client has gone when it is made.
func TestNobodyEscapesARevocationByHangingUp(t *testing.T) {
	var revoked atomic.Int64
	ctx, hangUp := context.WithCancel(context.Background())
	w := newWorld(t, func(w *world) {
		revoke := pdp.Obligation{ID: "revoke_session", Properties: []byte(`{"reason":"device_changed"}`)}
		w.config.Decider = denying([]string{"device_changed"}, revoke)
		w.config.Revoker = revokerFunc(func(ctx context.Context, _, _ string) error {
			hangUp()
			if err := ctx.Err(); err != nil {
				return err
			}
			revoked.Add(1)
			return nil
		})
	})
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/info", http.NoBody)
	r.Header.Set("Authorization", "Bearer "+w.tokens.good())
	w.proxy.ServeHTTP(httptest.NewRecorder(), r)
	if revoked.Load() != 1 {
		t.Errorf("revoked %d sessions, want 1", revoked.Load())
	}
}

// TestRevisionThatTakesAnotherBody changes the policy between routing and
// deciding, so that the body was read under a rule that no longer holds.
func TestRevisionThatTakesAnotherBody(t *testing.T) {
	row := func(body string) pdp.Route {
		return pdp.Route{Method: "POST", Path: "/api/x", Application: "records", Action: "x.add", Resource: "x", Body: body}
	}
	reasons := pep.ReasonsOfTests()
	one := &pdp.Tables{Revision: "one", Reasons: reasons, Routes: []pdp.Route{row("json")}}
	for name, next := range map[string]struct {
		first, second *pdp.Tables
		status        int
	}{
		"the same row":           {one, &pdp.Tables{Revision: "two", Reasons: reasons, Routes: one.Routes}, 200},
		"a body is not taken":    {one, &pdp.Tables{Revision: "two", Reasons: reasons, Routes: []pdp.Route{row("none")}}, 503},
		"the row is gone":        {one, &pdp.Tables{Revision: "two", Reasons: reasons}, 404},
		"the row is new":         {&pdp.Tables{Revision: "zero", Reasons: reasons}, one, 503},
		"the table is not sound": {one, &pdp.Tables{Revision: "two", Reasons: reasons, Routes: []pdp.Route{{Method: "POST", Path: "/api/x"}}}, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var current atomic.Pointer[pdp.Tables]
			current.Store(next.first)
			w := newWorld(t, func(w *world) {
				w.config.Tables = tablesFunc(func() *pdp.Tables { return current.Load() })
				w.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
					if current.Swap(next.second) == next.first || r.Context.Route != next.second.Revision {
						return pdp.Decision{}, pdp.ErrRevisionChanged
					}
					return sessionPolicy(ctx, r)
				})
			})
			answers := w.send(request("POST", "/api/x", `{"a":1}`, "Content-Type: application/json", "Content-Length: 7"))
			if len(answers) != 1 || answers[0].status != next.status {
				t.Errorf("got %v, want %d", answers, next.status)
			}
		})
	}
}

// TestPolicyThatNeverRestsIsADenial: routing anew has an end.
func TestPolicyThatNeverRestsIsADenial(t *testing.T) {
	var asked atomic.Int64
	w := newWorld(t, func(w *world) {
		w.config.Decider = deciderFunc(func(context.Context, pdp.Request) (pdp.Decision, error) {
			asked.Add(1)
			return pdp.Decision{}, pdp.ErrRevisionChanged
		})
	})
	answers := w.send(request("GET", "/info", ""))
	if len(answers) != 1 || answers[0].status != http.StatusServiceUnavailable || asked.Load() > 5 {
		t.Errorf("got %v after %d questions", answers, asked.Load())
	}
}

// TestTextsOfADecisionSplitNothing puts hostile text where a decision's words
// go out: into a header, into a document, into the journal.
func TestTextsOfADecisionSplitNothing(t *testing.T) {
	const hostile = "x\"\r\nSet-Cookie: a=b\r\n\r\n<script>\x00\u2028"
	properties, err := json.Marshal(map[string]any{"acr_values": hostile, "max_age": 300})
	if err != nil {
		t.Fatal(err)
	}
	stepUp := pdp.Obligation{ID: "step_up", Properties: properties}
	for name, reasons := range map[string][]string{"challenge": {"step_up_required"}, "reason": {hostile}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(w *world) { w.config.Decider = denying(reasons, stepUp) })
			answers := w.send(request("GET", "/info", ""))
			if len(answers) != 1 || answers[0].header.Get("Set-Cookie") != "" {
				t.Fatalf("got %v", answers)
			}
			var d problem.Document
			if err := json.Unmarshal([]byte(answers[0].body), &d); err != nil || !slices.Equal(d.Reasons, reasons) || strings.Contains(answers[0].body, "<script>") {
				t.Errorf("body %q: %v", answers[0].body, err)
			}
			if got := answers[0].header.Get("Content-Type"); got != problem.ContentType {
				t.Errorf("content type %q", got)
			}
		})
	}
}

// TestUnknownPathsAreNotWrittenDown: what a stranger sends as a path may be
// anything, and goes into no record and no log.
func TestUnknownPathsAreNotWrittenDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.send("GET /very-secret-path?password=very-secret HTTP/1.1\r\nHost: pep.test\r\nUser-Agent: very-secret\r\nAuthorization: Bearer very-secret\r\n\r\n")
	w.send("GET /a//very-secret HTTP/1.1\r\nHost: very-secret\r\n\r\n")
	w.send(request("GET", "/api/patients?name=very-secret", ""))
	w.drain()
	raw, err := json.Marshal(w.journal.of(pip.KindDecision))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "very-secret") || strings.Contains(w.logs.String(), "very-secret") {
		t.Errorf("written down: %s\n%s", raw, w.logs)
	}
}

// TestOddPeers: an address that is none is unknown, and is not passed on.
func TestOddPeers(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:1234":           "192.0.2.1",
		"[2001:db8::1]:1":          "2001:db8::1",
		"[::ffff:192.0.2.1]:1":     "192.0.2.1",
		"[fe80::1%eth0]:1":         "fe80::1%eth0",
		"@":                        "",
		"":                         "",
		"192.0.2.1":                "",
		"evil\r\nX-User: root:1":   "",
		"127.0.0.1:1, 192.0.2.9:2": "",
	} {
		var got []string
		w := newWorld(t, func(w *world) {
			w.config.Upstreams["records"] = pep.Upstream{
				URL: &url.URL{Scheme: "http", Host: "records.test"},
				Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					got = r.Header["X-Forwarded-For"]
					return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
				}),
			}
		})
		r := httptest.NewRequest(http.MethodGet, "/info", http.NoBody)
		r.RemoteAddr = remote
		r.Header.Set("Authorization", "Bearer "+w.tokens.good())
		w.proxy.ServeHTTP(httptest.NewRecorder(), r)
		if strings.Join(got, "|") != want {
			t.Errorf("%q: got %q, want %q", remote, got, want)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestParallelSubjectsDoNotMix sends many subjects' requests over few
// connections at once: each reaches the backend under its own name.
func TestParallelSubjectsDoNotMix(t *testing.T) {
	w := newWorld(t, nil)
	const subjects, each = 16, 25
	var group sync.WaitGroup
	for s := range subjects {
		claims := w.tokens.claims()
		name := "account-" + string(rune('a'+s))
		claims["sub"], claims["jti"] = name, "token-"+name
		token := w.tokens.sign(claims, w.tokens.header())
		group.Go(func() {
			for range each {
				w.send("GET /api/patients/p" + name[len(name)-1:] + " HTTP/1.1\r\nHost: pep.test\r\nConnection: close\r\nAuthorization: Bearer " + token + "\r\n\r\n")
			}
		})
	}
	group.Wait()
	w.drain()
	got, _ := w.backend.requests()
	if len(got) != subjects*each {
		t.Errorf("the backend got %d requests, want %d", len(got), subjects*each)
	}
	for _, e := range w.journal.of(pip.KindDecision) {
		if e.Path[len(e.Path)-1] != e.Subject[len(e.Subject)-1] {
			t.Errorf("%s asked for %s", e.Subject, e.Path)
		}
	}
}

// TestKeyRetiresUnderLoad: once a key is gone no request under it is forwarded,
// however many verifications are under way.
func TestKeyRetiresUnderLoad(t *testing.T) {
	w := newWorld(t, nil)
	var after, before, refused, wrong atomic.Int64
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				gone := after.Load() == 1
				r := httptest.NewRequest(http.MethodGet, "/nowhere-but-allowed", http.NoBody)
				r.RequestURI = "/info"
				r.Header.Set("Authorization", "Bearer "+w.tokens.good())
				rec := httptest.NewRecorder()
				w.proxy.ServeHTTP(rec, r)
				switch passed := rec.Code < http.StatusBadRequest; {
				case gone && passed:
					wrong.Add(1)
				case gone:
					refused.Add(1)
				case passed:
					before.Add(1)
				}
			}
		})
	}
	until(t, "requests under the key", func() bool { return before.Load() > 100 })
	w.tokens.retire("key-1")
	after.Store(1)
	until(t, "requests after its end", func() bool { return refused.Load()+wrong.Load() > 100 })
	close(stop)
	group.Wait()
	if wrong.Load() != 0 {
		t.Errorf("%d requests passed after their key was retired", wrong.Load())
	}
}

// TestSlowBodyIsNotForwardedInPart: a body that breaks off is no body.
func TestSlowBodyIsNotForwardedInPart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	raw := strings.ReplaceAll(request("POST", "/api/patients", `{"a":1`, "Content-Type: application/json", "Content-Length: 7"), "{token}", w.tokens.good())
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	_ = conn.Close()
	w.drain()
	if got, extra := w.backend.requests(); len(got) != 0 || len(extra) != 0 {
		t.Errorf("the backend got %v and %q", got, extra)
	}
}

// TestUnknownHostIsMisdirected comes before anything else is read.
func TestUnknownHostIsMisdirected(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) { w.config.Hosts = func(host string) bool { return host == "pep.test" } })
	for _, host := range []string{"evil.test", "pep.test.evil.test", "PEP.TEST@evil.test", "127.0.0.1", ""} {
		raw := strings.Replace(request("GET", "/info", ""), "Host: pep.test", "Host: "+host, 1)
		if answers := w.send(raw); len(answers) != 1 || answers[0].status != http.StatusMisdirectedRequest && answers[0].status != http.StatusBadRequest {
			t.Errorf("%q: got %v, want 421", host, answers)
		}
	}
	if answers := w.send(request("GET", "/info", "")); len(answers) != 1 || answers[0].status != http.StatusOK {
		t.Errorf("the right host: got %v", answers)
	}
}

// TestHalfAnEnforcementPointIsRefused leaves out one part after the other.
func TestHalfAnEnforcementPointIsRefused(t *testing.T) {
	whole := newWorld(t, nil).config
	for name, breakIt := range map[string]func(*pep.Config){
		"no decider":       func(c *pep.Config) { c.Decider = nil },
		"no tables":        func(c *pep.Config) { c.Tables = nil },
		"no revoker":       func(c *pep.Config) { c.Revoker = nil },
		"no journal":       func(c *pep.Config) { c.Journal = nil },
		"no keys":          func(c *pep.Config) { c.Keys = nil },
		"no issuer":        func(c *pep.Config) { c.Tokens.Issuer = "" },
		"no audience":      func(c *pep.Config) { c.Tokens.Audience = "" },
		"no assertion key": func(c *pep.Config) { c.Assertion = nil },
		"no logger":        func(c *pep.Config) { c.Log = nil },
		"nameless application": func(c *pep.Config) {
			c.Upstreams = map[string]pep.Upstream{"": c.Upstreams["records"]}
		},
		"nameless application elsewhere":      func(c *pep.Config) { c.Proxied = []string{""} },
		"application both here and elsewhere": func(c *pep.Config) { c.Proxied = []string{"records"} },
		"application without an address": func(c *pep.Config) {
			c.Upstreams = map[string]pep.Upstream{"records": {Transport: http.DefaultTransport}}
		},
		"application without a transport": func(c *pep.Config) {
			c.Upstreams = map[string]pep.Upstream{"records": {URL: &url.URL{Scheme: "http", Host: "x"}}}
		},
	} {
		c := whole
		breakIt(&c)
		if _, err := pep.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestAllowForAnUnknownRouteGoesNowhere: even a policy that allows everything
// opens no way that the table does not have.
func TestAllowForAnUnknownRouteGoesNowhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.config.Decider = deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) { return allow(r), nil })
	})
	for _, target := range []string{"/nowhere", "/"} {
		if answers := w.send(request("GET", target, "")); len(answers) != 1 || answers[0].status != http.StatusServiceUnavailable {
			t.Errorf("%s: got %v, want 503", target, answers)
		}
	}
}
