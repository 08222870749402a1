package pep_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// asBrowser is how a browser asks for a page.
var asBrowser = []string{"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document", "Sec-Fetch-Site: none"}

// led reads where an answer leads: the address to come back to, and the nonce.
func led(t *testing.T, a answer) (page, next, nonce string) {
	t.Helper()
	u, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.status != http.StatusSeeOther {
		t.Fatalf("got %d %v", a.status, a.header)
	}
	if a.header.Get("Cache-Control") != "no-store" || a.body != "" {
		t.Errorf("got %v %q", a.header, a.body)
	}
	return u.Scheme + "://" + u.Host + u.Path, u.Query().Get("next"), u.Query().Get("nonce")
}

func TestANavigationWithoutASessionIsLedToLogIn(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	for name, lines := range map[string][]string{
		"fetch metadata":         asBrowser,
		"an older browser":       {"Accept: text/html, */*;q=0.8"},
		"no destination":         {"Sec-Fetch-Mode: navigate"},
		"a forged cookie beside": append(slices.Clone(asBrowser), with("x")),
	} {
		a := b.one(browse("GET", "pep.test", "/api/patients?a=1&b=%2Fx", lines...))
		page, next, nonce := led(t, a)
		if page != homeOrigin+"/login" || next != homeOrigin+"/api/patients?a=1&b=%2Fx" || nonce != "" {
			t.Errorf("%s: led to %s, back to %s, %s", name, page, next, nonce)
		}
	}
}

func TestAnotherOriginGetsANonce(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	a := b.one(browse("GET", "secure.test", "/info", asBrowser...))
	page, next, nonce := led(t, a)
	c, err := http.ParseSetCookie(a.header.Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(c.Value))
	if page != homeOrigin+"/login" || next != secureOrigin+"/info" || nonce != hex.EncodeToString(sum[:]) ||
		c.Name != "__Host-wardgate-nonce" || len(c.Value) != 43 || !c.Secure || !c.HttpOnly || c.MaxAge != 3600 {
		t.Errorf("led to %s, back to %s, with %s; cookie %+v", page, next, nonce, c)
	}
	again := b.one(browse("GET", "secure.test", "/info", append(slices.Clone(asBrowser), "Cookie: __Host-wardgate-nonce="+c.Value)...))
	if _, _, same := led(t, again); same != nonce {
		t.Error("a second tab got another nonce")
	}
	for _, odd := range []string{"x", strings.Repeat("=", 43), c.Value + "x"} {
		if _, _, other := led(t, b.one(browse("GET", "secure.test", "/info", append(slices.Clone(asBrowser), "Cookie: __Host-wardgate-nonce="+odd)...))); other == nonce {
			t.Errorf("%q was kept", odd)
		}
	}
}

// TestTheWayBackIsAConfiguredOrigin: whatever host a request names, and however its
// path is written.
func TestTheWayBackIsAConfiguredOrigin(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	for _, host := range []string{"evil.test", "pep.test.evil.test", "PEP.test", "pep.test:80", "pep.test:8080", "secure.test", "app.test:81", "evil.test:80"} {
		for _, target := range []string{"/info", "/info?next=//evil.test", "/info?next=https:evil.test", "/info?x=%5C%5Cevil.test", "/info?@evil.test", "/%61pi/patients", "/nothing/@evil.test"} {
			answers := b.send(browse("GET", host, target, asBrowser...))
			if len(answers) != 1 {
				t.Fatalf("%s%s: %d answers", host, target, len(answers))
			}
			if answers[0].status != http.StatusSeeOther {
				continue // no such path
			}
			page, next, _ := led(t, answers[0])
			back, err := url.Parse(next)
			if err != nil || page != homeOrigin+"/login" || back.User != nil ||
				!slices.Contains([]string{homeOrigin, appOrigin, secureOrigin}, back.Scheme+"://"+back.Host) || !strings.HasPrefix(back.Path, "/") || strings.HasPrefix(back.Path, "//") {
				t.Errorf("%s%s: led to %s, back to %s", host, target, page, next)
			}
		}
	}
	for _, target := range []string{"//evil.test", `/\evil.test`, "/%2Fevil.test", "/%5Cevil.test", "https://evil.test/", "/./info", "/info#x"} {
		if a := b.one(browse("GET", "pep.test", target, asBrowser...)); a.status != http.StatusBadRequest {
			t.Errorf("%s: got %d", target, a.status)
		}
	}
	long := "/info?x=" + strings.Repeat("y", 4000)
	if _, next, _ := led(t, b.one(browse("GET", "pep.test", long, asBrowser...))); next != homeOrigin+"/info" {
		t.Errorf("a long address: back to %d bytes", len(next))
	}
}

func TestACallIsToldWhereToLogIn(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	accept := "Accept: text/html"
	for name, raw := range map[string]string{
		"nothing said":             browse("GET", "pep.test", "/info"),
		"curl":                     browse("GET", "pep.test", "/info", "Accept: */*"),
		"a script":                 browse("GET", "pep.test", "/info", "Accept: application/json, text/plain, */*"),
		"a script that takes both": browse("GET", "pep.test", "/info", "Accept: text/html, application/json"),
		"problem documents":        browse("GET", "pep.test", "/info", "Accept: text/html, application/problem+json"),
		"fetch":                    browse("GET", "pep.test", "/info", accept, "Sec-Fetch-Mode: cors", "Sec-Fetch-Dest: empty", "Sec-Fetch-Site: same-origin"),
		"fetch of the same origin": browse("GET", "pep.test", "/info", accept, "Sec-Fetch-Mode: same-origin"),
		"an image":                 browse("GET", "pep.test", "/info", accept, "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"),
		"a frame":                  browse("GET", "pep.test", "/info", accept, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe"),
		"an object":                browse("GET", "pep.test", "/info", accept, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: object"),
		"two modes":                browse("GET", "pep.test", "/info", accept, "Sec-Fetch-Mode: navigate", "Sec-Fetch-Mode: navigate"),
		"half of the metadata":     browse("GET", "pep.test", "/info", accept, "Sec-Fetch-Site: none"),
		"html that is refused":     browse("GET", "pep.test", "/info", "Accept: text/html;q=0, */*"),
		"html refused otherwise":   browse("GET", "pep.test", "/info", "Accept: text/html; q=0"),
		"a kind that begins so":    browse("GET", "pep.test", "/info", "Accept: text/htmlx"),
		"XMLHttpRequest":           browse("GET", "pep.test", "/info", accept, "X-Requested-With: XMLHttpRequest"),
		"an upgrade":               browse("GET", "pep.test", "/info", append(slices.Clone(asBrowser), "Connection: Upgrade", "Upgrade: websocket")...),
		"a bad token":              browse("GET", "pep.test", "/info", append(slices.Clone(asBrowser), "Authorization: Bearer x")...),
		"a deletion":               browse("DELETE", "pep.test", "/api/patients/p-1", asBrowser...),
		"OPTIONS by name":          browse("PUT", "pep.test", "/api/services/s-1", asBrowser...),
	} {
		a := b.one(raw)
		var d struct {
			LogIn string `json:"log_in"`
		}
		if err := json.Unmarshal([]byte(a.body), &d); err != nil || a.status != http.StatusUnauthorized || d.LogIn != homeOrigin+"/login" ||
			a.header.Get("Location") != "" || a.header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: got %d %q, %v", name, a.status, a.body, err)
		}
	}
	if a := b.one(browse("POST", "pep.test", "/form", asBrowser...)); a.status != http.StatusUnauthorized || !strings.Contains(a.body, homeOrigin+"/login") ||
		!strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Errorf("a form: got %d %q", a.status, a.body)
	}
}

func TestWithoutAHomeEverythingIsAsItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	answers := w.send(browse("GET", "pep.test", "/info", append(slices.Clone(asBrowser), with("x"))...))
	if len(answers) != 1 || answers[0].status != http.StatusUnauthorized || strings.Contains(answers[0].body, "log_in\"") || len(answers[0].header["Set-Cookie"]) > 0 {
		t.Errorf("got %+v", answers)
	}
}

// refusing denies everything with these codes.
func refusing(codes ...string) func(*browserWorld) {
	return func(b *browserWorld) {
		b.config.Decider = deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Revision: r.Context.Route, Reasons: codes}, nil
		})
	}
}

func TestADenialIsAPageInTheReadersLanguage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		language, dir, want string
		target              string
	}{
		{"en-GB, en;q=0.9", `lang="en" dir="ltr"`, "This account is blocked.", "/info"},
		{"ar-EG, en;q=0.5", `lang="ar" dir="rtl"`, "هذا الحساب محظور.", "/info"},
		{"en", `lang="ar" dir="rtl"`, "هذا الحساب محظور.", "/info?lang=ar"},
	} {
		b := newBrowserWorld(t, refusing("subject_banned"))
		a := b.one(browse("GET", "pep.test", tt.target, append(slices.Clone(asBrowser), with(sealedFor(t, homeOrigin)), "Accept-Language: "+tt.language)...))
		if a.status != http.StatusForbidden || !strings.Contains(a.body, tt.dir) || !strings.Contains(a.body, tt.want) || !strings.Contains(a.body, homeOrigin+"/") {
			t.Errorf("%s: got %d %s", tt.language, a.status, a.body)
		}
		decisions := b.journal.of("decision")
		if len(decisions) != 1 || !strings.Contains(a.body, decisions[0].Decision) {
			t.Errorf("%s: the page does not name its decision", tt.language)
		}
		csp := a.header.Get("Content-Security-Policy")
		if a.header.Get("Cache-Control") != "no-store" || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(a.body, "<script") {
			t.Errorf("%s: got %v", tt.language, a.header)
		}
	}
}

func TestAFreshFactorIsAskedForInPlace(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, func(b *browserWorld) {
		b.config.Decider = deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Revision: r.Context.Route, Reasons: []string{"step_up_required"}, Obligations: []pdp.Obligation{
				{ID: "step_up", Type: "challenge", Properties: []byte(`{"acr_values":"x","max_age":300}`)},
			}}, nil
		})
	})
	a := b.one(browse("GET", "secure.test", "/info", append(slices.Clone(asBrowser), "Cookie: __Host-wardgate="+sealedFor(t, secureOrigin))...))
	if a.status != http.StatusUnauthorized || !strings.Contains(a.body, homeOrigin+"/step-up?elevated=yes&amp;next=https%3A%2F%2Fsecure.test%2Finfo&amp;nonce=") ||
		!strings.Contains(a.header.Get("WWW-Authenticate"), "insufficient_user_authentication") {
		t.Errorf("got %d %v %s", a.status, a.header, a.body)
	}
	call := b.one(browse("GET", "secure.test", "/info", "Cookie: __Host-wardgate="+sealedFor(t, secureOrigin)))
	if call.status != http.StatusUnauthorized || strings.Contains(call.body, "log_in\"") {
		t.Errorf("a call: got %d %s", call.status, call.body)
	}
}

// TestABadgeAndPINAreAskedForWhereTheyWouldDo: both ways lead back to where the person was,
// by the one nonce that the browser gets; elsewhere no badge is asked for.
func TestABadgeAndPINAreAskedForWhereTheyWouldDo(t *testing.T) {
	t.Parallel()
	for tap, properties := range map[bool]string{true: `{"acr_values":"x","max_age":300,"tap":true}`, false: `{"acr_values":"x","max_age":300}`} {
		b := newBrowserWorld(t, func(b *browserWorld) {
			b.config.Decider = deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
				return pdp.Decision{Revision: r.Context.Route, Reasons: []string{"step_up_required"}, Obligations: []pdp.Obligation{
					{ID: "step_up", Type: "challenge", Properties: []byte(properties)},
				}}, nil
			})
		})
		a := b.one(browse("GET", "secure.test", "/info?x=1", append(slices.Clone(asBrowser), "Cookie: __Host-wardgate="+sealedFor(t, secureOrigin))...))
		toTap := homeOrigin + "/tap?next=https%3A%2F%2Fsecure.test%2Finfo%3Fx%3D1&amp;nonce="
		toStepUp := homeOrigin + "/step-up?elevated=yes&amp;next=https%3A%2F%2Fsecure.test%2Finfo%3Fx%3D1&amp;nonce="
		if a.status != http.StatusUnauthorized || strings.Contains(a.body, toTap) != tap || !strings.Contains(a.body, toStepUp) {
			t.Errorf("tap %t: got %d %s", tap, a.status, a.body)
		}
		if len(a.header["Set-Cookie"]) != 1 {
			t.Errorf("tap %t: cookies %q", tap, a.header["Set-Cookie"])
		}
		nonces := map[string]bool{}
		for _, link := range strings.Split(a.body, "nonce=")[1:] {
			nonce, _, _ := strings.Cut(link, `"`)
			nonces[nonce] = true
		}
		if len(nonces) != 1 {
			t.Errorf("tap %t: %d nonces", tap, len(nonces))
		}
	}
}

func TestASessionThatIsOverLeadsToLogInAndIsForgotten(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, func(b *browserWorld) { b.fault = pdp.ErrSessionOver })
	a := b.one(browse("GET", "pep.test", "/info", append(slices.Clone(asBrowser), with(sealedFor(t, homeOrigin)))...))
	if page, next, _ := led(t, a); page != homeOrigin+"/login" || next != homeOrigin+"/info" || !slices.Equal(a.header["Set-Cookie"], []string{forgotten}) {
		t.Errorf("led to %s, back to %s, cookies %q", page, next, a.header["Set-Cookie"])
	}
}

// TestASessionThatIsRefusedIsNotLedInACircle: the home would take it for logged in, and
// lead straight back.
func TestASessionThatIsRefusedIsNotLedInACircle(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, refusing("token_invalid"))
	a := b.one(browse("GET", "pep.test", "/info", append(slices.Clone(asBrowser), with(sealedFor(t, homeOrigin)))...))
	if a.status != http.StatusUnauthorized || a.header.Get("Location") != "" || !strings.Contains(a.body, homeOrigin+"/logout") {
		t.Errorf("got %d %v %s", a.status, a.header, a.body)
	}
}

// TestAPageShowsNothingOfTheRequestAsMarkup: a path and a query may hold anything.
func TestAPageShowsNothingOfTheRequestAsMarkup(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, refusing("subject_banned"))
	a := b.one(browse("GET", "pep.test", "/info?x=%3Cscript%3Ealert(1)%3C/script%3E&lang=%22%3E%3Cb%3E", append(slices.Clone(asBrowser), "Accept-Language: \"><b>", with(sealedFor(t, homeOrigin)))...))
	if a.status != http.StatusForbidden || strings.Contains(a.body, "<script") || strings.Contains(a.body, "<b>") {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

// TestAPageElsewhereLeadsHome: at an address where browsers have no sessions a page's forms
// would be refused. A navigation is led to the same page at home, and no other request is.
func TestAPageElsewhereLeadsHome(t *testing.T) {
	t.Parallel()
	b := newBrowserWorld(t, nil)
	for _, tt := range []struct{ target, want string }{
		{"/page", homeOrigin + "/page"},
		{"/page?next=%2Fx&lang=ar", homeOrigin + "/page?next=%2Fx&lang=ar"},
		{"/page?next=//evil.test", homeOrigin + "/page?next=//evil.test"},
	} {
		a := b.one(browse("GET", "127.0.0.1:8080", tt.target, asBrowser...))
		if a.status != http.StatusSeeOther || a.header.Get("Location") != tt.want || a.header.Get("Cache-Control") != "no-store" || len(a.header["Set-Cookie"]) > 0 {
			t.Errorf("%s: got %d %v", tt.target, a.status, a.header)
		}
	}
	if n := len(b.journal.of("decision")); n != 3 {
		t.Errorf("%d decisions are journalled, want 3", n)
	}
	outcomes := b.journal.of(pip.KindOutcome)
	if len(outcomes) != 3 || outcomes[0].Status != http.StatusSeeOther || outcomes[0].Outcome != "failure" || outcomes[0].Detail != "led_home" {
		t.Errorf("what came of them: got %+v", outcomes)
	}
	for name, raw := range map[string]string{
		"at home":                   browse("GET", "pep.test", "/page", asBrowser...),
		"a program":                 browse("GET", "127.0.0.1:8080", "/page", "Accept: */*"),
		"a script, a style":         browse("GET", "127.0.0.1:8080", "/page", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: style"),
		"another application there": browse("GET", "127.0.0.1:8080", "/info", append(slices.Clone(asBrowser), "Authorization: Bearer {token}")...),
		"a form":                    browse("POST", "127.0.0.1:8080", "/page", append(slices.Clone(asBrowser), "Content-Type: application/x-www-form-urlencoded", "Content-Length: 0")...),
	} {
		if a := b.one(raw); a.status == http.StatusSeeOther {
			t.Errorf("%s: led to %s", name, a.header.Get("Location"))
		}
	}
}
