package pep_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/session"
)

const (
	aHandle      = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
	anotherOne   = "GFEDCBAzyxwvutsrqponmlkjihgfedcba9876543210"
	homeOrigin   = "http://pep.test"
	appOrigin    = "http://app.test"
	secureOrigin = "https://secure.test"
)

// A browserWorld has browsers with sessions. Its administrator answers as the backend
// is told.
type browserWorld struct {
	*world
	mu        sync.Mutex
	continued []pdp.Continuation
	fault     error         // of Continue
	slow      chan struct{} // Continue waits for it, when there is one
	asked     pdp.Request   // the newest question
}

// cookieKey is the key of cookies; "" is not known.
type cookieKey string

func (k cookieKey) CookieKey() (pdp.CookieKey, error) {
	if k == "" {
		return pdp.CookieKey{}, errors.New("not known yet")
	}
	return pdp.CookieKey{Secret: bytes.Repeat([]byte(k), 32)}, nil
}

func (b *browserWorld) Continue(ctx context.Context, c pdp.Continuation) (pdp.Continued, error) {
	b.mu.Lock()
	b.continued = append(b.continued, c)
	fault, slow := b.fault, b.slow
	b.mu.Unlock()
	if slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
			return pdp.Continued{}, ctx.Err()
		}
	}
	return pdp.Continued{AccessToken: b.tokens.good(), Expires: time.Now().Add(5 * time.Minute), RenewAfter: time.Minute}, fault
}

func (b *browserWorld) continuations() []pdp.Continuation {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.continued)
}

func (b *browserWorld) question() pdp.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

func newBrowserWorld(t testing.TB, change func(*browserWorld)) *browserWorld {
	t.Helper()
	b := &browserWorld{}
	origins, err := session.NewOrigins(homeOrigin, session.Hosted{Origin: appOrigin}, session.Hosted{Origin: secureOrigin})
	if err != nil {
		t.Fatal(err)
	}
	newWorld(t, func(w *world) {
		b.world = w
		tables := testTables()
		tables.Routes = append(tables.Routes,
			pdp.Route{Method: "GET", Path: "/page", Application: "admin", Action: "page.show", Resource: "page", Body: pdp.BodyNone},
			pdp.Route{Method: "POST", Path: "/page", Application: "admin", Action: "page.send", Resource: "page", Body: pdp.BodyForm})
		w.config.Tables = fixedTables(tables)
		w.config.Upstreams["admin"] = w.config.Upstreams["records"]
		w.audience = map[string]string{"/page": "admin"}
		w.config.Origins, w.config.Browsers = origins, &pep.Browsers{Continuer: b, Key: cookieKey("k")}
		w.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
			b.mu.Lock()
			b.asked = r
			b.mu.Unlock()
			if r.Action.Name == "page.show" { // everybody may
				return pdp.Decision{Allow: true, Grounds: byRole(), Revision: r.Context.Route, Obligations: []pdp.Obligation{allRows}}, nil
			}
			return sessionPolicy(ctx, r)
		})
		if change != nil {
			change(b)
		}
	})
	return b
}

// sealedFor is the value of the cookie for an origin, by the house's key.
func sealedFor(t testing.TB, origin string) string { return sealedBy(t, "k", aHandle, origin) }

func sealedBy(t testing.TB, key cookieKey, handle, origin string) string {
	t.Helper()
	at, err := session.ParseOrigin(origin)
	if err != nil {
		t.Fatal(err)
	}
	value, err := session.NewSealer(key).Seal(handle, at)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// browse is a raw request without a token.
func browse(method, host, target string, lines ...string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\n" + strings.Join(append(lines, ""), "\r\n") + "\r\n"
}

func with(cookie string) string { return "Cookie: theme=dark; wardgate=" + cookie + "; a=b" }

// one sends a request and returns the one answer.
func (b *browserWorld) one(raw string) answer {
	b.t.Helper()
	answers := b.send(raw)
	if len(answers) != 1 {
		b.t.Fatalf("got %d answers to %q", len(answers), raw)
	}
	return answers[0]
}

func TestACookieIsASession(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	a := b.one(browse("GET", "pep.test", "/info", with(sealedFor(t, homeOrigin)), "User-Agent: Browser/1"))
	got, _ := b.backend.requests()
	if a.status != http.StatusOK || len(got) != 1 {
		t.Fatalf("got %+v and %d requests", a, len(got))
	}
	c := b.question().Context.Credential
	if c.State != pdp.CredentialValid || c.Presented != pdp.PresentedCookie || c.Site != pdp.SiteUnknown {
		t.Errorf("the policy was asked about %+v", c)
	}
	want := pdp.Continuation{Handle: aHandle, Host: "pep.test", UserAgent: "Browser/1"}
	is := b.continuations()
	if len(is) != 1 || is[0].Handle != want.Handle || is[0].Host != want.Host || is[0].UserAgent != want.UserAgent ||
		is[0].Address.String() != "127.0.0.1" || is[0].Decision == "" {
		t.Errorf("continued %d times, the first for host %q", len(is), is[0].Host)
	}
	if set := a.header["Set-Cookie"]; len(set) > 0 {
		t.Errorf("cookies were set: %q", set)
	}
}

// TestNoCookieReachesAnApplication: nor what it holds, nor the token behind it.
func TestNoCookieReachesAnApplication(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	value := sealedFor(t, homeOrigin)
	for _, target := range []string{"/info", "/page"} {
		b.one(browse("GET", "pep.test", target, with(value), "Wardgate-Browser: "+anotherOne, "wardgate_browser: x", "Wardgate-Nonce: x", "Wardgate-Form: x"))
	}
	got, _ := b.backend.requests()
	for _, r := range got {
		for _, line := range r.header {
			if strings.Contains(line, value) || strings.Contains(line, aHandle) || strings.Contains(line, b.tokens.good()) {
				t.Errorf("%s: it got %q", r.line, line)
			}
		}
		for _, name := range []string{"Cookie", "Wardgate-Browser", "Wardgate-Nonce", "Wardgate-Form", "Authorization"} {
			if values := r.values(name); len(values) > 0 {
				t.Errorf("%s: it got %s", r.line, name)
			}
		}
	}
	if strings.Contains(b.logs.String(), value) || strings.Contains(b.logs.String(), aHandle) {
		t.Error("the log has a secret")
	}
}

func TestTheAdministratorIsToldWhichBrowserAsks(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	b.one(browse("GET", "PEP.test", "/page", with(sealedFor(t, homeOrigin)), "Cookie2: x"))
	b.one(browse("GET", "secure.test", "/page", "Cookie: __Host-wardgate-nonce=n; wardgate-nonce=other; __Host-wardgate-form=f; __Host-wardgate-workstation=w; wardgate-workstation=other"))
	b.one(browse("GET", "pep.test", "/page", "Authorization: Bearer {token}", "Wardgate-Workstation: forged"))
	got, _ := b.backend.requests()
	if len(got) != 3 {
		t.Fatalf("%d requests", len(got))
	}
	for i, want := range []struct {
		handle, host, scheme string
		cookie               bool
	}{
		{aHandle, "pep.test", "http", true}, {"", "secure.test", "https", false}, {"", "pep.test", "http", false},
	} {
		c, err := b.key.Verify(got[i].values(assertion.Header)[0], "admin", got[i].at)
		if err != nil || c.Handle != want.handle || c.Host != want.host || c.Scheme != want.scheme || c.ByCookie != want.cookie {
			t.Errorf("%d: %v: got host %q, scheme %q, by cookie %t", i, err, c.Host, c.Scheme, c.ByCookie)
		}
	}
	if n, f := got[1].values(assertion.NonceHeader), got[1].values(assertion.FormHeader); !slices.Equal(n, []string{"n"}) || !slices.Equal(f, []string{"f"}) {
		t.Errorf("handed on: %q, %q", n, f)
	}
	for i, want := range [][]string{nil, {"w"}, nil} {
		if got := got[i].values(assertion.StationHeader); !slices.Equal(got, want) {
			t.Errorf("%d: handed on as a workstation's key: %q, want %q", i, got, want)
		}
	}
}

func TestAForgedCookieIsNoSession(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	value := sealedFor(t, homeOrigin)
	for name, raw := range map[string]string{
		"of another host":     browse("GET", "pep.test", "/info", with(sealedFor(t, appOrigin))),
		"on another host":     browse("GET", "app.test", "/info", with(value)),
		"of another scheme":   browse("GET", "pep.test", "/info", with(sealedFor(t, "https://pep.test"))),
		"of another port":     browse("GET", "pep.test", "/info", with(sealedFor(t, "http://pep.test:8080"))),
		"by another key":      browse("GET", "pep.test", "/info", with(sealedBy(t, "l", aHandle, homeOrigin))),
		"cut":                 browse("GET", "pep.test", "/info", with(value[:40])),
		"the handle itself":   browse("GET", "pep.test", "/info", with(aHandle)),
		"an access token":     browse("GET", "pep.test", "/info", with("{token}")),
		"in quotation marks":  browse("GET", "pep.test", "/info", with(`"`+value+`"`)),
		"plain name over TLS": browse("GET", "secure.test", "/info", with(sealedFor(t, secureOrigin))),
		"TLS name on plain":   browse("GET", "pep.test", "/info", "Cookie: __Host-wardgate="+value),
		"other case of name":  browse("GET", "pep.test", "/info", "Cookie: Wardgate="+value),
		"on an unknown host":  browse("GET", "other.test", "/info", with(sealedFor(t, "http://other.test"))),
		"as another header":   browse("GET", "pep.test", "/info", "X-Cookie: wardgate="+value),
	} {
		if a := b.one(raw); a.status != http.StatusUnauthorized {
			t.Errorf("%s: got %d", name, a.status)
		}
	}
	if n := len(b.continuations()); n != 0 {
		t.Errorf("%d sessions were continued", n)
	}
	if a := b.one(browse("GET", "secure.test", "/info", "Cookie: __Host-wardgate="+sealedFor(t, secureOrigin))); a.status != http.StatusOK {
		t.Errorf("the right one over TLS: got %d", a.status)
	}
}

func TestTwoCredentialsAreRefused(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	value := sealedFor(t, homeOrigin)
	other := sealedBy(t, "k", anotherOne, homeOrigin)
	for name, tt := range map[string]struct {
		lines []string
		want  int
	}{
		"two cookies":               {[]string{"Cookie: wardgate=" + value + "; wardgate=" + other}, 400},
		"two, one of them forged":   {[]string{"Cookie: wardgate=" + value + "; wardgate=x"}, 400},
		"two, one of them empty":    {[]string{"Cookie: wardgate=; wardgate=" + value}, 400},
		"two of one handle":         {[]string{"Cookie: wardgate=" + value + "; wardgate=" + sealedFor(t, homeOrigin)}, 400},
		"the same twice":            {[]string{"Cookie: wardgate=" + value + "; wardgate=" + value}, 200},
		"in two lines":              {[]string{"Cookie: wardgate=" + value, "Cookie: wardgate=" + value}, 400},
		"a token beside":            {[]string{with(value), "Authorization: Bearer {token}"}, 400},
		"a bad token beside":        {[]string{with(value), "Authorization: Bearer x"}, 400},
		"a password beside":         {[]string{with(value), "Authorization: Basic eDp5"}, 400},
		"a token beside a forgery":  {[]string{with("x"), "Authorization: Bearer {token}"}, 400},
		"a token and other cookies": {[]string{"Cookie: theme=dark", "Authorization: Bearer {token}"}, 200},
	} {
		a := b.one(browse("GET", "pep.test", "/info", tt.lines...))
		if a.status != tt.want {
			t.Errorf("%s: got %d, want %d", name, a.status, tt.want)
		}
		if set := a.header["Set-Cookie"]; len(set) > 0 {
			t.Errorf("%s: a cookie was set", name)
		}
	}
}

func TestFiftyTabsContinueOnce(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, func(b *browserWorld) { b.slow, b.counts = make(chan struct{}), true })
	raw := browse("GET", "pep.test", "/info", with(sealedFor(t, homeOrigin)))
	var all sync.WaitGroup
	var ok atomic.Int64
	for range 50 {
		all.Go(func() {
			if a := b.send(raw); len(a) == 1 && a[0].status == http.StatusOK {
				ok.Add(1)
			}
		})
	}
	for len(b.continuations()) == 0 {
		time.Sleep(time.Millisecond)
	}
	close(b.slow)
	all.Wait()
	if n := len(b.continuations()); ok.Load() != 50 || n != 1 {
		t.Errorf("%d answered, %d continuations", ok.Load(), n)
	}
}

// TestASessionThatIsNotKnownKeepsItsCookie: it is a fault of ours.
func TestASessionThatIsNotKnownKeepsItsCookie(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*browserWorld){
		"fails":        func(b *browserWorld) { b.fault = errors.New("away") },
		"hangs":        func(b *browserWorld) { b.slow = make(chan struct{}) },
		"has no key":   func(b *browserWorld) { b.config.Browsers.Key = cookieKey("") },
		"names no one": func(b *browserWorld) { b.config.Browsers.Continuer = nobody{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBrowserWorld(t, change)
			a := b.one(browse("GET", "pep.test", "/info", with(sealedFor(t, homeOrigin)), "Sec-Fetch-Mode: navigate", "Accept: text/html"))
			if a.status != http.StatusServiceUnavailable || len(a.header["Set-Cookie"]) > 0 || a.header.Get("Retry-After") == "" {
				t.Errorf("got %d %v", a.status, a.header)
			}
			if got, _ := b.backend.requests(); len(got) > 0 {
				t.Error("it was forwarded")
			}
		})
	}
}

type nobody struct{}

func (nobody) Continue(context.Context, pdp.Continuation) (pdp.Continued, error) {
	return pdp.Continued{}, nil
}

const forgotten = "wardgate=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"

func TestACookieOfNoMoreUseIsForgotten(t *testing.T) {
	t.Parallel()
	over := func(b *browserWorld) { b.fault = pdp.ErrSessionOver }
	for name, tt := range map[string]struct {
		change func(*browserWorld)
		target string
		cookie string
		status int
	}{
		"over":                   {over, "/info", sealedFor(t, homeOrigin), 401},
		"over, at a public page": {over, "/page", sealedFor(t, homeOrigin), 200},
		"forged":                 {nil, "/info", "x", 401},
		"ended": {func(b *browserWorld) {
			b.config.Ended = endedFunc(func() (bool, bool) { return true, false })
			b.config.Decider = deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
				return pdp.Decision{Revision: r.Context.Route, Reasons: []string{"session_revoked"}}, nil
			})
		}, "/info", sealedFor(t, homeOrigin), 401},
	} {
		b := newBrowserWorld(t, tt.change)
		a := b.one(browse("GET", "pep.test", tt.target, with(tt.cookie)))
		if a.status != tt.status || !slices.Equal(a.header["Set-Cookie"], []string{forgotten}) {
			t.Errorf("%s: got %d, %q", name, a.status, a.header["Set-Cookie"])
		}
	}
}

type endedFunc func() (ended, banned bool)

func (f endedFunc) Ended(_, _ string, _ time.Time) (ended, banned bool) { return f() }

// settled is what the browser is told when the application at target answers with
// these lines.
func settled(t *testing.T, host, target string, lines ...string) (answer, *browserWorld) {
	t.Helper()
	b := newBrowserWorld(t, func(b *browserWorld) {
		b.backend.answer = func(conn net.Conn, _ received) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n"+strings.Join(append(lines, ""), "\r\n")+"\r\nok")
		}
	})
	return b.one(browse("GET", host, target, "Authorization: Bearer {token}")), b
}

func TestTheAdministratorGivesABrowserItsHandle(t *testing.T) {
	t.Parallel()
	for host, origin := range map[string]string{"pep.test": homeOrigin, "secure.test": secureOrigin} {
		a, _ := settled(t, host, "/page", "Wardgate-Browser: "+aHandle)
		if a.status != http.StatusOK || len(a.header["Set-Cookie"]) != 1 || a.header.Get("Wardgate-Browser") != "" {
			t.Fatalf("got %d %v", a.status, a.header)
		}
		c, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
		if err != nil {
			t.Fatal(err)
		}
		at, _ := session.ParseOrigin(origin)
		handle, err := session.NewSealer(cookieKey("k")).Open(c.Value, at)
		if c.Name != session.Name(at.Scheme) || handle != aHandle || err != nil || !c.HttpOnly || c.Secure != (at.Scheme == "https") ||
			c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%s: got %+v, %v", host, c, err)
		}
	}
	a, _ := settled(t, "pep.test", "/page", "Wardgate-Browser: -")
	if !slices.Equal(a.header["Set-Cookie"], []string{forgotten}) {
		t.Errorf("to forget: got %q", a.header["Set-Cookie"])
	}
}

func TestNobodyElseSetsTheCookie(t *testing.T) {
	t.Parallel()
	spellings := []string{
		"Set-Cookie: wardgate=x", "Set-Cookie: Wardgate=x", "Set-Cookie:  wardgate =x", "Set-Cookie: __Host-wardgate=x", "set-cookie: __HOST-WARDGATE=x",
		"Set-Cookie: wardgate-nonce=x", "Set-Cookie: __Host-wardgate-nonce=x; Secure; Path=/", "Set-Cookie2: wardgate=x",
	}
	for _, target := range []string{"/info", "/page"} {
		for _, line := range spellings {
			if a, _ := settled(t, "pep.test", target, line); a.status != http.StatusOK || len(a.header["Set-Cookie"])+len(a.header["Set-Cookie2"]) > 0 {
				t.Errorf("%s: %s: got %v", target, line, a.header)
			}
		}
	}
	for _, line := range []string{"Wardgate-Browser: " + aHandle, "wardgate-browser: -", "Wardgate_Browser: -"} {
		a, _ := settled(t, "pep.test", "/info", line)
		if a.status != http.StatusOK || len(a.header["Set-Cookie"])+len(a.header["Wardgate-Browser"])+len(a.header["Wardgate_browser"]) > 0 {
			t.Errorf("an application said %s: got %v", line, a.header)
		}
	}
	if a, _ := settled(t, "pep.test", "/page", "Set-Cookie: __Host-wardgate-device=x; Path=/"); !slices.Equal(a.header["Set-Cookie"], []string{"__Host-wardgate-device=x; Path=/"}) {
		t.Errorf("the administrator's own: got %q", a.header["Set-Cookie"])
	}
}

func TestWhatIsNoHandleIsWithheld(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		host  string
		lines []string
	}{
		"short":          {"pep.test", []string{"Wardgate-Browser: x"}},
		"empty":          {"pep.test", []string{"Wardgate-Browser: "}},
		"odd":            {"pep.test", []string{"Wardgate-Browser: " + strings.Repeat("+", 43)}},
		"two":            {"pep.test", []string{"Wardgate-Browser: " + aHandle, "Wardgate-Browser: " + anotherOne}},
		"no such origin": {"other.test", []string{"Wardgate-Browser: " + aHandle}},
	} {
		if a, b := settled(t, tt.host, "/page", tt.lines...); a.status != http.StatusBadGateway || len(a.header["Set-Cookie"]) > 0 || strings.Contains(b.logs.String(), aHandle) {
			t.Errorf("%s: got %d %v", name, a.status, a.header)
		}
	}
}

func TestAnswersToASessionAreKeptFromOthers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ kind, said, want string }{
		"a page":                {"text/html; charset=utf-8", "public, max-age=60", "no-store"},
		"a page in capitals":    {"Text/HTML", "max-age=60", "no-store"},
		"a page in XML":         {"application/xhtml+xml", "max-age=60", "no-store"},
		"a file":                {"text/css", "public, max-age=60, s-maxage=600", "private, max-age=60"},
		"a file, not to keep":   {"application/json", "no-store", "private, no-store"},
		"a file, nothing said":  {"application/json", "", "private"},
		"a file, private twice": {"application/json", `private="a", private`, "private"},
	} {
		b := newBrowserWorld(t, func(b *browserWorld) {
			b.backend.answer = func(conn net.Conn, _ received) {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: "+tt.kind+"\r\nCache-Control: "+tt.said+"\r\nVary: Accept-Language\r\nContent-Length: 2\r\n\r\nok")
			}
		})
		if a := b.one(browse("GET", "pep.test", "/info", with(sealedFor(t, homeOrigin)))); !slices.Equal(a.header["Cache-Control"], []string{tt.want}) {
			t.Errorf("%s: got %q, want %q", name, a.header["Cache-Control"], tt.want)
		} else if kept := tt.want != "no-store"; kept && !slices.Equal(a.header["Vary"], []string{"Accept-Language", "Cookie"}) {
			t.Errorf("%s: varies by %q: the browser gives it to the next person who logs in there", name, a.header["Vary"])
		}
		if a := b.one(request("GET", "/info", "")); a.header.Get("Cache-Control") != tt.said {
			t.Errorf("%s: by token: got %q", name, a.header["Cache-Control"])
		}
	}
}

func TestWhereARequestWasBegunIsToldToThePolicy(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	cookie := with(sealedFor(t, homeOrigin))
	for name, tt := range map[string]struct {
		lines   []string
		site    string
		upgrade bool
	}{
		"own":                {[]string{cookie, "Origin: " + homeOrigin}, pdp.SiteOwn, false},
		"another port":       {[]string{cookie, "Origin: " + homeOrigin + ":81"}, pdp.SiteForeign, false},
		"another scheme":     {[]string{cookie, "Origin: https://pep.test"}, pdp.SiteForeign, false},
		"an application's":   {[]string{cookie, "Origin: " + appOrigin}, pdp.SiteForeign, false},
		"null":               {[]string{cookie, "Origin: null"}, pdp.SiteForeign, false},
		"the same site":      {[]string{cookie, "Sec-Fetch-Site: same-site"}, pdp.SiteForeign, false},
		"nothing":            {[]string{cookie}, pdp.SiteUnknown, false},
		"upgrade":            {[]string{cookie, "Connection: Upgrade", "Upgrade: websocket", "Origin: http://evil.test"}, pdp.SiteForeign, true},
		"by a token":         {[]string{"Authorization: Bearer {token}", "Origin: http://evil.test"}, "", false},
		"by a forged cookie": {[]string{with("x"), "Origin: http://evil.test"}, pdp.SiteForeign, false},
	} {
		for _, method := range []string{"POST", "DELETE", "GET"} {
			target := map[string]string{"POST": "/form", "DELETE": "/api/patients/p-1", "GET": "/info"}[method]
			b.one(browse(method, "pep.test", target, tt.lines...))
			q := b.question()
			if q.Context.Credential.Site != tt.site || q.Action.Method != method || q.Action.Upgrade != tt.upgrade {
				t.Errorf("%s, %s: asked about %q, %+v", name, method, q.Context.Credential.Site, q.Action)
			}
		}
	}
}

func TestBrowsersNeedAllParts(t *testing.T) {
	origins, _ := session.NewOrigins(homeOrigin)
	whole := &pep.Browsers{Continuer: nobody{}, Key: cookieKey("k")}
	for _, half := range []struct {
		browsers *pep.Browsers
		origins  *session.Origins
	}{{&pep.Browsers{}, nil}, {&pep.Browsers{}, origins}, {&pep.Browsers{Continuer: nobody{}}, origins}, {whole, nil}, {nil, origins}} {
		b := newBrowserWorld(t, nil)
		b.config.Browsers, b.config.Origins = half.browsers, half.origins
		if _, err := pep.New(b.config); err == nil || !strings.Contains(err.Error(), "required together") {
			t.Errorf("got %v", err)
		}
	}
}

// TestLoggingOutCutsAStream: one that a browser opened with its cookie.
func TestLoggingOutCutsAStream(t *testing.T) {
	t.Parallel()
	var list revocations
	gone := make(chan struct{}, 1)
	b := newBrowserWorld(t, func(b *browserWorld) {
		b.config.Revocations = &list
		b.backend.answer = func(conn net.Conn, _ received) {
			_, _ = io.WriteString(conn, streamHead)
			_, _ = conn.Read(make([]byte, 1)) // until it breaks
			_ = conn.Close()
			gone <- struct{}{}
		}
	})
	claims := b.tokens.claims()
	b.tokens.fixed = b.tokens.sign(claims, b.tokens.header())
	conn, err := net.Dial("tcp", b.address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(conn, browse("GET", "pep.test", "/info", with(sealedFor(t, homeOrigin)))); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("got %v, %v", res, err)
	}
	if _, err := io.ReadFull(res.Body, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	list.revoke(claims["sid"].(string), "")
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the stream ended as if it were whole")
	}
	<-gone
}
