package extauth_test

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/extauth"
	"github.com/wardgate/wardgate/pep/session"
)

const handle = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"

type cookieKey struct{}

func (cookieKey) CookieKey() (pdp.CookieKey, error) {
	return pdp.CookieKey{Secret: bytes.Repeat([]byte("k"), 32)}, nil
}

type continuer struct{ w *world }

func (c continuer) Continue(context.Context, pdp.Continuation) (pdp.Continued, error) {
	return pdp.Continued{AccessToken: c.w.token, Expires: time.Now().Add(time.Minute), RenewAfter: time.Minute}, nil
}

// newBrowserWorld has sessions by cookie at the other proxy's host. asked is the newest
// question.
func newBrowserWorld(t *testing.T, asked *pdp.Request) (w *world, cookie string) {
	t.Helper()
	origins, err := session.NewOrigins("https://home.test", session.Hosted{Origin: "https://hospital.test"})
	if err != nil {
		t.Fatal(err)
	}
	w = newWorld(t, func(w *world) {
		w.config.Origins, w.config.Browsers = origins, &pep.Browsers{Continuer: continuer{w}, Key: cookieKey{}}
		w.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
			*asked = r
			return sessionPolicy(ctx, r)
		})
	})
	at, _ := session.ParseOrigin("https://hospital.test")
	value, err := session.NewSealer(cookieKey{}).Seal(handle, at)
	if err != nil {
		t.Fatal(err)
	}
	return w, "__Host-wardgate=" + value
}

// TestOtherProxiesTakeTheCookie: and the policy learns where the request was begun.
func TestOtherProxiesTakeTheCookie(t *testing.T) {
	var asked pdp.Request
	w, cookie := newBrowserWorld(t, &asked)
	for origin, want := range map[string]string{
		"": pdp.SiteUnknown, "https://hospital.test": pdp.SiteOwn, "http://hospital.test": pdp.SiteForeign, "https://evil.test": pdp.SiteForeign,
		"null": pdp.SiteForeign, "https://hospital.test:8443": pdp.SiteForeign,
	} {
		lines := []string{"Cookie: a=b; " + cookie}
		headers := map[string]string{"cookie": "a=b; " + cookie}
		if origin != "" {
			lines, headers["origin"] = append(lines, "Origin: "+origin), origin
		}
		for name, ask := range map[string]func() bool{
			"forward-auth": func() bool {
				return w.ask("127.0.0.1", forwardAuth("GET", "/api/patients", lines...)).status == http.StatusOK
			},
			"auth-request": func() bool {
				return w.ask("127.0.0.1", authRequest("GET", "https://hospital.test/api/patients", lines...)).status == http.StatusOK
			},
			"Envoy": func() bool {
				res := w.check(w.asEnvoy("GET", "/api/patients", nil, byBrowser(headers)))
				for _, name := range res.GetOkResponse().GetHeadersToRemove() {
					if name == "cookie" {
						return allows(t, res)
					}
				}
				return false // the application would get the cookie
			},
		} {
			asked = pdp.Request{}
			if allowed := ask(); !allowed || asked.Context.Credential.Presented != pdp.PresentedCookie || asked.Context.Credential.Site != want {
				t.Errorf("%s, begun by %q: allowed %t, site %q, want %q", name, origin, allowed, asked.Context.Credential.Site, want)
			}
		}
	}
	both := w.ask("127.0.0.1", forwardAuth("GET", "/api/patients", "Cookie: "+cookie, bearer))
	if both.status != http.StatusBadRequest {
		t.Errorf("a token and a cookie: got %d", both.status)
	}
}

// byBrowser has Envoy describe a request without a token, with these headers.
func byBrowser(headers map[string]string) func(*auth.AttributeContext) {
	return func(a *auth.AttributeContext) {
		h := a.GetRequest().GetHttp().GetHeaders()
		delete(h, "authorization")
		for name, value := range headers {
			h[name] = value
		}
	}
}

func TestOtherProxiesLeadNavigationsToLogIn(t *testing.T) {
	var asked pdp.Request
	w, _ := newBrowserWorld(t, &asked)
	back := func(at string) bool {
		u, err := url.Parse(at)
		return err == nil && u.Scheme+"://"+u.Host+u.Path == "https://home.test/login" &&
			u.Query().Get("next") == "https://hospital.test/api/patients?a=1" && len(u.Query().Get("nonce")) == 64
	}
	lines := []string{"Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}
	a := w.ask("127.0.0.1", forwardAuth("GET", "/api/patients?a=1", lines...))
	if a.status != http.StatusSeeOther || !back(a.header.Get("Location")) || !strings.HasPrefix(a.header.Get("Set-Cookie"), "__Host-wardgate-nonce=") {
		t.Errorf("forward-auth: got %d %v", a.status, a.header)
	}
	a = w.ask("127.0.0.1", authRequest("GET", "https://hospital.test/api/patients?a=1", lines...))
	if a.status != http.StatusUnauthorized || !back(a.header.Get(extauth.LogInHeader)) || !strings.HasPrefix(a.header.Get("Set-Cookie"), "__Host-wardgate-nonce=") {
		t.Errorf("auth-request: got %d %v", a.status, a.header)
	}
	res := w.check(w.asEnvoy("GET", "/api/patients?a=1", nil, byBrowser(map[string]string{"accept": "text/html", "sec-fetch-mode": "navigate"})))
	denied := res.GetDeniedResponse()
	h := headersOf(t, denied.GetHeaders())
	if allows(t, res) || denied.GetStatus().GetCode() != 303 || !back(h.Get("Location")) || !strings.HasPrefix(h.Get("Set-Cookie"), "__Host-wardgate-nonce=") {
		t.Errorf("Envoy: got %v", res)
	}
	for name, call := range map[string]int{
		forwardAuth("GET", "/api/patients", "Accept: application/json"):                      http.StatusUnauthorized,
		authRequest("GET", "https://hospital.test/api/patients", "Accept: */*"):              http.StatusUnauthorized,
		forwardAuth("GET", "/api/patients", "Accept: text/html", "Sec-Fetch-Mode: cors"):     http.StatusUnauthorized,
		forwardAuth("DELETE", "/api/patients/p-1", "Accept: text/html", "Sec-Fetch-Mode: x"): http.StatusUnauthorized,
	} {
		if a := w.ask("127.0.0.1", name); a.status != call || a.header.Get("Location")+a.header.Get(extauth.LogInHeader) != "" {
			t.Errorf("%q: got %d %v", name, a.status, a.header)
		}
	}
}

func TestOtherProxiesShowDenialsAsPages(t *testing.T) {
	var asked pdp.Request
	w, cookie := newBrowserWorld(t, &asked)
	a := w.ask("127.0.0.1", forwardAuth("GET", "/forbidden/p-1", "Accept: text/html", "Sec-Fetch-Mode: navigate", "Cookie: "+cookie))
	if a.status != http.StatusForbidden || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || !bytes.Contains(a.body, []byte(a.header.Get(extauth.DecisionHeader))) {
		t.Errorf("forward-auth: got %d %v %s", a.status, a.header, a.body)
	}
	a = w.ask("127.0.0.1", authRequest("GET", "https://hospital.test/forbidden/p-1", "Accept: text/html", "Sec-Fetch-Mode: navigate", "Cookie: "+cookie))
	if a.status != http.StatusForbidden || document(t, a.body).Reasons[0] != "role_forbidden" {
		t.Errorf("auth-request: got %d %s", a.status, a.body)
	}
}
