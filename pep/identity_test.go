package pep_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/signing"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pip"
)

const issuedBy = "https://gate.hospital.test"

// introduced is a world whose application is external and is told who asks.
func introduced(t *testing.T, i upstream.Identity) (*world, *signing.Keys) {
	t.Helper()
	keys, err := signing.Open(t.TempDir(), signing.Config{Lead: time.Minute, Outlive: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return newWorld(t, func(w *world) {
		lab := w.config.Upstreams["records"]
		lab.External = true
		w.config.Upstreams = map[string]pep.Upstream{"records": lab}
		w.config.Identities = map[string]*upstream.Identity{"records": &i}
		w.config.Statements, w.config.Issuer = keys, issuedBy
		w.config.Decider = changed(func(d *pdp.Decision) {
			d.Obligations = nil
			d.Evidence.Who = pip.Identity{Role: "doctor", Staff: "s-1", Patient: "p-9", Department: "d-1"}
		})
		w.unsigned = true
	}), keys
}

// stated is what a genuine statement for an audience says.
func stated(t *testing.T, keys *signing.Keys, token, audience string) *assertion.Statement {
	t.Helper()
	var s assertion.Statement
	_, err := jwt.ParseWithClaims(token, &s, func(t *jwt.Token) (any, error) {
		public, ok := keys.Key(t.Header["kid"].(string))
		if !ok {
			return nil, errors.New("unknown key")
		}
		return public, nil
	}, jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(issuedBy), jwt.WithAudience(audience), jwt.WithExpirationRequired())
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

// Whatever the client sends under the application's header, in any spelling, the
// application gets one value, the enforcement point's; and nothing of the
// client's own credentials.
func TestAnExternalApplicationGetsOneGenuineStatement(t *testing.T) {
	for name, header := range map[string]string{"its own": "X-Hospital-User", "the usual": "", "a bearer token": "authorization"} {
		t.Run(name, func(t *testing.T) {
			w, keys := introduced(t, upstream.Identity{Header: header, Audience: "https://lab.test", Claims: []string{"role", "department"}})
			answers := w.send(request("GET", "/info?q=1", "",
				"X-Hospital-User: forged", "x-hospital-user: forged", "X_Hospital_User: forged", "Wardgate-Identity: forged", "wardgate_identity: forged",
				"Wardgate-Assertion: forged", "Cookie: session=secret-cookie", "Proxy-Authorization: Bearer forged"))
			got, _ := w.backend.requests()
			if len(answers) != 1 || answers[0].status != http.StatusOK || len(got) != 1 {
				t.Fatalf("got %+v and %d requests", answers, len(got))
			}
			in := map[string]string{"": "Wardgate-Identity", "authorization": "Authorization"}[header]
			if in == "" {
				in = header
			}
			values := got[0].values(in)
			if len(values) != 1 {
				t.Fatalf("got %d values of %s: %v", len(values), in, values)
			}
			token := strings.TrimPrefix(values[0], "Bearer ")
			if (token != values[0]) != (in == "Authorization") {
				t.Errorf("got %q", values[0])
			}
			s := stated(t, keys, token, "https://lab.test")
			if s.Subject == "" || s.Method != "GET" || s.Path != "/info" || s.QueryDigest != assertion.Digest([]byte("q=1")) || s.Action != "info.read" ||
				s.ID == "" || s.Role != "doctor" || s.Department != "d-1" || s.Staff != "" || s.Patient != "" || s.ExpiresAt.Sub(s.IssuedAt.Time) > time.Minute {
				t.Errorf("got %+v", s)
			}
			for _, word := range []string{"forged", "secret-cookie", w.tokens.good()} {
				if strings.Contains(strings.Join(got[0].header, "\n"), word) {
					t.Errorf("the application got %q", word)
				}
			}
			for _, e := range w.journal.of(pip.KindDecision) {
				if e.Decision != s.ID {
					t.Errorf("the statement names decision %s, the record %s", s.ID, e.Decision)
				}
			}
		})
	}
}

// A statement is no access token, not even for an application of the tokens'
// audience.
func TestAStatementIsNoAccessToken(t *testing.T) {
	w, keys := introduced(t, upstream.Identity{Audience: testAudience})
	w.config.Issuer = testIssuer
	w.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
		d, err := sessionPolicy(ctx, r)
		d.Obligations = nil
		return d, err
	})
	w.rebuild(t)
	w.send(request("GET", "/info", ""))
	got, _ := w.backend.requests()
	if len(got) != 1 || len(keys.Public()) != 1 {
		t.Fatalf("got %d requests", len(got))
	}
	token := got[0].values("Wardgate-Identity")[0]
	answers := w.send("GET /info HTTP/1.1\r\nHost: pep.test\r\nAuthorization: Bearer " + token + "\r\n\r\n")
	if len(answers) != 1 || answers[0].status != http.StatusUnauthorized {
		t.Errorf("got %+v, want 401", answers)
	}
}

type brokenSigner struct{}

func (brokenSigner) Sign(jwt.Claims, string) (string, error) { return "", errors.New("no key") }

// Without a statement the request does not go on.
func TestNothingIsForwardedWithoutItsStatement(t *testing.T) {
	w, _ := introduced(t, upstream.Identity{Audience: "lab"})
	w.config.Statements = brokenSigner{}
	w.rebuild(t)
	answers := w.send(request("GET", "/info", ""))
	if got, _ := w.backend.requests(); len(answers) != 1 || answers[0].status != http.StatusBadGateway || len(got) != 0 {
		t.Errorf("got %+v and %d requests", answers, len(got))
	}
}

// Another proxy that asks gets the same statement for its application.
func TestAnotherProxyGetsTheStatement(t *testing.T) {
	w, keys := introduced(t, upstream.Identity{Audience: "lab", Claims: []string{"role"}})
	w.config.Proxied, w.config.Upstreams = []string{"records"}, nil
	w.rebuild(t)
	v := w.proxy.Check(t.Context(), &pep.Question{
		Method: "GET", Target: "/info", Host: "pep.test", Header: http.Header{"Authorization": {"Bearer " + w.tokens.good()}},
		Client: netip.MustParseAddr("127.0.0.1"), Body: pep.Body{State: pep.BodyWhole},
	})
	if !v.Allow {
		t.Fatalf("got %+v", v.Problem)
	}
	if s := stated(t, keys, v.Assertion, "lab"); s.Path != "/info" || s.ID != v.Decision || s.Role != "doctor" {
		t.Errorf("got %+v", s)
	}
}

func TestFaultyIdentitiesAreRefused(t *testing.T) {
	for name, i := range map[string]upstream.Identity{
		"no audience":               {Header: "X-User"},
		"what the client sends":     {Header: "Accept", Audience: "a"},
		"a forwarding header":       {Header: "x-forwarded-user", Audience: "a"},
		"a method override":         {Header: "X-HTTP-Method-Override", Audience: "a"},
		"the services' own":         {Header: "Wardgate-Assertion", Audience: "a"},
		"two readings":              {Header: "X_User", Audience: "a"},
		"no name":                   {Header: "X-User: a", Audience: "a"},
		"a cookie":                  {Header: "Cookie", Audience: "a"},
		"a claim that is none":      {Audience: "a", Claims: []string{"role", "footprint"}},
		"a claim of an own service": {Audience: "a", Claims: []string{"rows"}},
	} {
		if err := i.Check(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	w := newWorld(t, nil)
	for name, change := range map[string]func(*pep.Config){
		"an own service": func(c *pep.Config) { c.Identities = map[string]*upstream.Identity{"records": {Audience: "a"}} },
		"nobody":         func(c *pep.Config) { c.Identities = map[string]*upstream.Identity{"nobody": {Audience: "a"}} },
		"no signer": func(c *pep.Config) {
			c.Proxied, c.Identities, c.Issuer = []string{"x"}, map[string]*upstream.Identity{"x": {Audience: "a"}}, "i"
		},
		"no issuer": func(c *pep.Config) {
			c.Proxied, c.Identities, c.Statements = []string{"x"}, map[string]*upstream.Identity{"x": {Audience: "a"}}, brokenSigner{}
		},
	} {
		c := w.config
		change(&c)
		if _, err := pep.New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
