package stories_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	josejwt "github.com/go-jose/go-jose/v4/jwt"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
)

// A wardBook is an application of the hospital that knows nothing of Wardgate's
// code: it verifies who asks with a library, by the published keys.
type wardBook struct {
	*httptest.Server
	audience string
	mu       sync.Mutex
	jwks     string // where the keys are published
	keys     jose.JSONWebKeySet
	served   []who
	refused  []error
	headers  []http.Header
	tokens   []string
}

// who is what the application believes.
type who struct {
	josejwt.Claims
	Role       string `json:"role"`
	Staff      string `json:"staff"`
	Department string `json:"department"`
	Method     string `json:"method"`
	Path       string `json:"path"`
	Action     string `json:"action"`
}

func newWardBook(t *testing.T, audience string) *wardBook {
	t.Helper()
	b := &wardBook{audience: audience}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.headers = append(b.headers, r.Header.Clone())
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		claims, err := b.believe(token, r.Method, r.URL.Path, time.Now())
		if err != nil {
			b.refused = append(b.refused, err)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		b.served, b.tokens = append(b.served, claims), append(b.tokens, token)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":1}`))
	}))
	t.Cleanup(b.Close)
	return b
}

// believe verifies as any application would: signature, issuer, audience, time,
// and that the statement is about this very request.
func (b *wardBook) believe(token, method, path string, now time.Time) (who, error) {
	var c who
	parsed, err := josejwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return c, err
	}
	if len(b.keys.Key(parsed.Headers[0].KeyID)) == 0 {
		if err := b.fetch(); err != nil {
			return c, err
		}
	}
	if err := parsed.Claims(b.keys, &c); err != nil {
		return c, err
	}
	if err := c.ValidateWithLeeway(josejwt.Expected{Issuer: "wardgate", AnyAudience: josejwt.Audience{b.audience}, Time: now}, time.Second); err != nil {
		return c, err
	}
	if c.Method != method || c.Path != path {
		return c, errAnotherRequest
	}
	return c, nil
}

var errAnotherRequest = errors.New("the statement is about another request")

func (b *wardBook) fetch() error {
	res, err := http.Get(b.jwks)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return json.NewDecoder(res.Body).Decode(&b.keys)
}

// TestAnApplicationVerifiesWhoAsks: an application of the hospital learns who
// asks from the enforcement point, and verifies it by the published keys alone.
func TestAnApplicationVerifiesWhoAsks(t *testing.T) {
	lab := newWardBook(t, "https://lab.hospital.test")
	other := newWardBook(t, "https://pharmacy.hospital.test")
	w := rig.New(t, func(c *config.Config) {
		c.Policies = rig.BookWithLaboratory(t)
		c.Applications = rig.At("lab", lab.URL)
		c.Applications[0].Tell.Statement = &config.Statement{
			Audience: "https://lab.hospital.test", Header: "Authorization", Claims: []string{"role", "department"},
		}
	})
	lab.jwks, other.jwks = w.Process.Address()+"/.well-known/jwks.json", w.Process.Address()+"/.well-known/jwks.json"
	doctor := w.As("doctor")
	doctor.Get("/lab/reports/r-1").Is(200)
	if len(lab.served) != 1 || len(lab.refused) > 0 {
		t.Fatalf("served %v, refused %v", lab.served, lab.refused)
	}
	got, me := lab.served[0], doctor.Me()
	if got.Subject != me.ID || got.Role != "doctor" || got.Department == "" || got.Staff != "" || got.Action != "lab.read" || got.Path != "/lab/reports/r-1" {
		t.Errorf("the application believes %+v", got)
	}
	_, record := rig.Command("audit", "query", "--data", w.Data, "--decision", got.ID)
	if !strings.Contains(record, "lab.read") || !strings.Contains(record, "allow") {
		t.Errorf("its jti names the record %s", record)
	}
	for _, h := range lab.headers {
		if strings.Contains(strings.Join(h["Authorization"], " "), doctor.Token) || len(h["Cookie"]) > 0 || len(h["Wardgate-Assertion"]) > 0 {
			t.Error("the application got the user's own credential, or an assertion of the house")
		}
	}
	refusals(t, lab, other)
	rotation(t, w, lab, doctor)
}

// refusals: what is forged, late, about another request or for another
// application is refused by the same verification.
func refusals(t *testing.T, lab, other *wardBook) {
	t.Helper()
	token := lab.tokens[0]
	now := time.Now()
	if err := other.fetch(); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	for name, try := range map[string]func() error{
		"for another application": func() error { _, err := other.believe(token, "GET", "/lab/reports/r-1", now); return err },
		"about another path":      func() error { _, err := lab.believe(token, "GET", "/lab/reports/r-2", now); return err },
		"about another method":    func() error { _, err := lab.believe(token, "DELETE", "/lab/reports/r-1", now); return err },
		"expired": func() error {
			_, err := lab.believe(token, "GET", "/lab/reports/r-1", now.Add(time.Minute))
			return err
		},
		"another payload": func() error {
			_, err := lab.believe(parts[0]+"."+parts[1][:len(parts[1])-4]+"AAAA."+parts[2], "GET", "/lab/reports/r-1", now)
			return err
		},
		"no signature": func() error {
			_, err := lab.believe(parts[0]+"."+parts[1]+".", "GET", "/lab/reports/r-1", now)
			return err
		},
		"under a key of somebody's own": func() error {
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(strings.Repeat("k", 32))}, nil)
			if err != nil {
				return err
			}
			forged, err := josejwt.Signed(signer).Claims(lab.served[0].Claims).Serialize()
			if err != nil {
				t.Fatal(err)
			}
			_, err = lab.believe(forged, "GET", "/lab/reports/r-1", now)
			return err
		},
	} {
		if try() == nil {
			t.Errorf("%s: believed", name)
		}
	}
}

// rotation publishes a key before it signs: nobody is refused for it.
func rotation(t *testing.T, w *rig.World, lab *wardBook, doctor *rig.Person) {
	t.Helper()
	a := w.Anonymous().Get("/.well-known/jwks.json").Is(200)
	if a.Header.Get("Cache-Control") != "public, max-age=300" || a.Header.Get("Content-Type") != "application/jwk-set+json" || strings.Contains(string(a.Body), `"d"`) {
		t.Errorf("got %v %s", a.Header, a.Body)
	}
	before := slices.Clone(lab.keys.Keys)
	if code, said := rig.Command("keys", "rotate", "--data", w.Data); code != 0 {
		t.Fatal(said)
	}
	doctor.Get("/lab/reports/r-2").Is(200)
	if len(lab.refused) > 0 || !slices.EqualFunc(before, lab.keys.Keys, func(a, b jose.JSONWebKey) bool { return a.KeyID == b.KeyID }) {
		t.Errorf("the new key signs before it was published for long enough: refused %v", lab.refused)
	}
	if err := lab.fetch(); err != nil || len(lab.keys.Keys) != 2 {
		t.Errorf("got %d keys, %v, want the new one published beside the old", len(lab.keys.Keys), err)
	}
	_, record := rig.Command("audit", "query", "--data", w.Data, "--kind", "system")
	if !strings.Contains(record, "keys.rotate statements") {
		t.Errorf("the rotation is not on record: %s", record)
	}
}
