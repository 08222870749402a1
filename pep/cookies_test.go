package pep_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/jar"
	"github.com/wardgate/wardgate/pep/upstream/http1"
)

// A cookieWorld has an application with a host of its own that sets cookies, and two
// sessions, one behind each handle.
type cookieWorld struct {
	*browserWorld
	mu       sync.Mutex
	answer   http.HandlerFunc // of the application
	cookies  []string         // that the application got, of each request
	sessions map[string]string
}

func newCookieWorld(t *testing.T, policy jar.Policy, obligations ...pdp.Obligation) *cookieWorld {
	t.Helper()
	c := &cookieWorld{answer: setting()}
	c.browserWorld = newHostedWorld(t, func(b *browserWorld) {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c.mu.Lock()
			c.cookies = append(c.cookies, strings.Join(r.Header["Cookie"], "|"))
			answer := c.answer
			c.mu.Unlock()
			answer(w, r)
		}))
		t.Cleanup(server.Close)
		for _, name := range []string{"lab", "pacs", "scale"} {
			to := b.upstream(strings.TrimPrefix(server.URL, "http://"), http1.Config{})
			to.External = true
			if name != "scale" {
				to.Cookies = policy
			}
			b.config.Upstreams[name] = to
		}
		b.config.Browsers.Continuer = c
		b.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
			d, err := sessionPolicy(ctx, r)
			if d.Allow || r.Resource.ID == "public" {
				d.Allow, d.Reasons, d.Grounds, d.Obligations = true, nil, byRole(), obligations
			}
			return d, err
		})
		c.sessions = map[string]string{
			aHandle: b.tokens.good(), anotherOne: b.tokens.sign(b.tokens.claims(), b.tokens.header()),
		}
	})
	return c
}

func (c *cookieWorld) Continue(_ context.Context, of pdp.Continuation) (pdp.Continued, error) {
	return pdp.Continued{AccessToken: c.sessions[of.Handle], Expires: time.Now().Add(5 * time.Minute), RenewAfter: time.Minute}, nil
}

// setting answers with these lines of Set-Cookie.
func setting(lines ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Set-Cookie"] = lines
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"id":1}`)
	}
}

// ask is one request with a browser's session at an origin, "" for none, and more
// cookies. It returns the answer and what the application got of cookies.
func (c *cookieWorld) ask(handle, origin, path string, cookies []string, answer http.HandlerFunc) (answer, string) {
	c.t.Helper()
	c.mu.Lock()
	c.answer, c.cookies = answer, nil
	c.mu.Unlock()
	if handle != "" {
		cookies = append(slices.Clone(cookies), "wardgate="+sealedBy(c.t, "k", handle, origin))
	}
	var lines []string
	if len(cookies) > 0 {
		lines = []string{"Cookie: " + strings.Join(cookies, "; ")}
	}
	a := c.one(browse("GET", strings.TrimPrefix(origin, "http://"), path, lines...))
	c.mu.Lock()
	defer c.mu.Unlock()
	return a, strings.Join(c.cookies, "\n")
}

// pairs are the cookies that a browser keeps of an answer.
func pairs(a answer) (kept []string) {
	for _, line := range a.header["Set-Cookie"] {
		pair, attributes, _ := strings.Cut(line, ";")
		if !strings.Contains(attributes, "Max-Age=0") {
			kept = append(kept, pair)
		}
	}
	return kept
}

const setCookie = "sid=hush; Path=/; Domain=test"

func cookiePolicies() map[string]jar.Policy {
	return map[string]jar.Policy{"sealed": {Sealed: true}, "plain": {Plain: []string{"sid"}}}
}

func TestAnApplicationGetsItsCookieBackInTheSessionAlone(t *testing.T) {
	for name, policy := range cookiePolicies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCookieWorld(t, policy)
			a, brought := c.ask(aHandle, labOrigin, "/r-1", nil, setting(setCookie, "=wardgate=evil", "__Host-wardgate=evil", "wardgate=evil; Path=/", " Wardgate =evil"))
			kept := pairs(a)
			if a.status != http.StatusOK || brought != "" || len(kept) == 0 || strings.Contains(fmt.Sprint(a.header), "evil") || strings.Contains(fmt.Sprint(a.header), "Domain") {
				t.Fatalf("got %+v", a)
			}
			if _, brought := c.ask(aHandle, labOrigin, "/r-2", kept, setting()); brought != "sid=hush" {
				t.Errorf("the application got %q back", brought)
			}
			for asked, handle := range map[string]string{labOrigin: anotherOne, pacsOrigin: aHandle} {
				a, brought := c.ask(handle, asked, "/r-1", kept, setting())
				if brought != "" || len(a.header["Set-Cookie"]) < len(kept) || len(pairs(a)) > 0 || a.status != http.StatusOK {
					t.Errorf("%s: the application got %q, the browser %q", asked, brought, a.header["Set-Cookie"])
				}
			}
			// Without a session, or by a token, cookies go neither way.
			for _, raw := range []string{
				browse("GET", "lab.test", "/public", "Cookie: "+strings.Join(kept, "; ")),
				browse("GET", "lab.test", "/r-1", "Cookie: "+strings.Join(kept, "; "), "Authorization: Bearer {token}"),
				browse("GET", "pep.test", "/scale/1", "Cookie: "+strings.Join(kept, "; "), "Authorization: Bearer {token}"),
			} {
				c.answer, c.cookies = setting(setCookie), nil
				if a := c.one(raw); a.status != http.StatusOK || !slices.Equal(c.cookies, []string{""}) || len(a.header["Set-Cookie"]) > 0 {
					t.Errorf("%q: got %d, %q and %q", raw, a.status, c.cookies, a.header["Set-Cookie"])
				}
			}
			if logs := c.logs.String(); strings.Contains(logs, "hush") || strings.Contains(logs, "evil") || !strings.Contains(logs, "own_name:3") || !strings.Contains(logs, "other_session:1") {
				t.Errorf("the log: %s", logs)
			}
			for _, pair := range kept {
				if _, value, _ := strings.Cut(pair, "="); strings.Contains(c.logs.String(), value) {
					t.Errorf("the log has %s", pair)
				}
			}
		})
	}
}

// Without the key `cookies`, and at no host of its own, nothing passes.
func TestNoCookiePassesUnasked(t *testing.T) {
	t.Parallel()
	c := newCookieWorld(t, jar.Policy{})
	a, brought := c.ask(aHandle, labOrigin, "/r-1", []string{"sid=hush"}, setting(setCookie))
	if a.status != http.StatusOK || brought != "" || len(a.header["Set-Cookie"]) > 0 {
		t.Errorf("got %+v, the application %q", a, brought)
	}
}

// An error, a redirection and a stream are answers like others; of a masked one nothing
// of the application's goes out.
func TestCookiesOfEveryAnswer(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"error": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Set-Cookie", setCookie)
			w.WriteHeader(http.StatusInternalServerError)
		},
		"redirection": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Set-Cookie", setCookie)
			w.Header().Set("Location", "/r-2")
			w.WriteHeader(http.StatusFound)
		},
		"stream": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Set-Cookie", setCookie)
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "data: 1\n\n")
		},
		"trailer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Set-Cookie", setCookie)
			w.Header().Set("Trailer", "Set-Cookie")
			_, _ = io.WriteString(w, "1")
			w.Header().Set("Set-Cookie", "late=hush")
		},
	}
	for name, policy := range cookiePolicies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCookieWorld(t, policy)
			for kind, answer := range answers {
				a, _ := c.ask(aHandle, labOrigin, "/r-1", nil, answer)
				if _, brought := c.ask(aHandle, labOrigin, "/r-2", pairs(a), setting()); brought != "sid=hush" {
					t.Errorf("%s: got %+v, and then %q", kind, a, brought)
				}
			}
			masked := newCookieWorld(t, policy, masking)
			first, _ := c.ask(aHandle, labOrigin, "/r-1", nil, setting(setCookie))
			a, brought := masked.ask(anotherOne, labOrigin, "/r-1", pairs(first), setting(setCookie))
			if a.status != http.StatusOK || len(pairs(a)) > 0 || len(a.header["Set-Cookie"]) == 0 || brought != "" || !strings.Contains(masked.logs.String(), "masked:1") {
				t.Errorf("masked: got %+v, the application %q, log %s", a, brought, masked.logs)
			}
			// One that cannot be masked is withheld; what was of another session is forgotten all
			// the same.
			a, _ = masked.ask(anotherOne, labOrigin, "/r-1", pairs(first), answers["stream"])
			if a.status != http.StatusBadGateway || len(pairs(a)) > 0 || len(a.header["Set-Cookie"]) == 0 {
				t.Errorf("withheld: got %+v", a)
			}
		})
	}
}

// What a browser may bring at most is a head that the listener takes.
func TestAHundredCookiesDoNotLockABrowserOut(t *testing.T) {
	t.Parallel()
	c := newCookieWorld(t, jar.Policy{Sealed: true})
	var lines []string
	for i := range 100 {
		lines = append(lines, fmt.Sprintf("n%d=%s; Path=/", i, bytes.Repeat([]byte("v"), 400)))
	}
	lines = append(lines, "big="+strings.Repeat("v", 4000), "after=1")
	a, _ := c.ask(aHandle, labOrigin, "/r-1", nil, setting(lines...))
	a, brought := c.ask(aHandle, labOrigin, "/r-1", pairs(a), setting())
	if n := strings.Count(brought, "="); a.status != http.StatusOK || n != 20 || !strings.Contains(c.logs.String(), "too_large:1 too_many:") {
		t.Errorf("got %d, %d cookies, log %s", a.status, n, c.logs)
	}
}

// An enforcement point does not start with cookies of an application that would share them.
func TestCookiesThatAreRefused(t *testing.T) {
	sealed := jar.Policy{Sealed: true}
	for name, tt := range map[string]struct {
		change func(map[string]pep.Upstream)
		want   string
	}{
		"by path":    {func(to map[string]pep.Upstream) { one := to["scale"]; one.Cookies = sealed; to["scale"] = one }, `cookies of application "scale": it has no host of its own`},
		"Wardgate's": {func(to map[string]pep.Upstream) { one := to["records"]; one.Cookies = sealed; to["records"] = one }, `cookies of application "records": it has no host`},
		"its names": {func(to map[string]pep.Upstream) {
			one := to["lab"]
			one.Cookies.Plain = []string{"__Host-wardgate"}
			to["lab"] = one
		}, `cookies of application "lab": "__Host-wardgate": names like Wardgate's own`},
		"both": {func(to map[string]pep.Upstream) {
			one := to["lab"]
			one.Cookies = jar.Policy{Sealed: true, Plain: []string{"a"}}
			to["lab"] = one
		}, `cookies of application "lab": cookies are sealed or plain, not both`},
	} {
		c := newCookieWorld(t, jar.Policy{})
		tt.change(c.config.Upstreams)
		if _, err := pep.New(c.config); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	c := newCookieWorld(t, sealed)
	c.config.Browsers, c.config.Origins = nil, nil
	if _, err := pep.New(c.config); err == nil || !strings.Contains(err.Error(), `cookies of application "lab": it has no host`) {
		t.Errorf("without browsers: got %v", err)
	}
}
