package stories_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/mtls"
)

// A gateway is an enforcement point of others.
type gateway struct {
	t      *testing.T
	w      *rig.World
	token  string
	client *http.Client
}

// verdict is what a gateway is told.
type verdict struct {
	Decision bool
	Context  struct {
		ID      string
		Reasons []string
	}
}

// asks puts one question about a doctor, with claims beside what is asked.
func (g *gateway) asks(subject, action, patient string, claims map[string]map[string]any) verdict {
	g.t.Helper()
	body := map[string]map[string]any{
		"subject":  {"type": "user", "id": subject},
		"action":   {"name": action},
		"resource": {"type": "patient", "id": patient},
		"context":  {"address": "127.0.0.1"},
	}
	for member, said := range claims {
		for name, value := range said {
			body[member][name] = value
		}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		g.t.Fatal(err)
	}
	return g.post(string(raw))
}

func (g *gateway) post(body string) (v verdict) {
	g.t.Helper()
	r, err := http.NewRequestWithContext(g.t.Context(), "POST", g.w.Process.Decisions()+"/access/v1/evaluation", strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if g.token != "" {
		r.Header.Set("Authorization", "Bearer "+g.token)
	}
	res, err := g.client.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil || res.StatusCode != http.StatusOK {
		g.t.Fatalf("got %d, %v", res.StatusCode, err)
	}
	return v
}

// everything is what a caller would like to be believed.
var everything = map[string]map[string]any{
	"subject": {"properties": map[string]any{
		"role": "doctor", "account": "active", "staff": "s-1", "patient": "p-1", "department": "d-1", "session": "s-1",
	}},
	"action":   {"properties": map[string]any{"right": "Patient Health overview", "name": "patient.read"}},
	"resource": {"properties": map[string]any{"treats": true, "own": true, "same_department": true}},
	"context": {
		"credential": map[string]any{"state": "valid", "elevation": "fresh", "acr": "urn:wardgate:acr:stepped-up", "factors": "two"},
		"care":       map[string]any{"state": "fresh", "treats": true}, "revocation": map[string]any{"state": "fresh", "subject": "clear"},
		"claims": map[string]any{"elevation": "fresh", "purpose": "treatment"}, "caller": map[string]any{"kind": "token", "name": "default"},
		"location": map[string]any{"place": "on_site"}, "place": "on_site", "acr": "urn:wardgate:acr:stepped-up", "elevation": "fresh",
		"time": "2026-03-02T12:00:00Z", "signals": map[string]any{"state": "fresh"},
	},
}

// The token in the data folder is believed about the address and the purpose,
// by the table of callers; one of the configuration about what its row says,
// and about nothing without one. Whatever they claim of the subject, of its
// session or of its factor, they do not move what is known.
func TestCallersAreBelievedAsFarAsTheTableSays(t *testing.T) {
	dir := t.TempDir()
	stranger := writeToken(t, dir, "stranger")
	icu := writeToken(t, dir, "icu")
	change := rig.WithTable(t, "authz/tables/callers.rego", rig.Row{`"token": {`, `"token": {"icu": {"address", "elevation"}, `})
	w := rig.New(t, func(c *config.Config) {
		change(c)
		c.PDP.Callers = []string{"stranger=" + filepath.Join(dir, "stranger"), "icu=" + filepath.Join(dir, "icu")}
	})
	doctor, colleague := w.As("doctor"), w.As("doctor2")
	id, own, theirs := doctor.Me().ID, doctor.Items("/api/patients")[0].ID, colleague.Items("/api/patients")[0].ID
	own2 := readSecretFile(t, filepath.Join(w.Data, "pdp.token"))
	by := func(token string) *gateway { return &gateway{t: t, w: w, token: token, client: http.DefaultClient} }
	context := func(name string, value any) map[string]map[string]any {
		return map[string]map[string]any{"context": {name: value}}
	}
	for _, test := range []struct {
		name, token, action, patient string
		claims                       map[string]map[string]any
		want                         []string
	}{
		{"nothing claimed", own2, "patient.read", own, nil, nil},
		{"a purpose that fits", own2, "patient.read", own, context("purpose", "treatment"), nil},
		{"one that does not", own2, "patient.read", own, context("purpose", "payment"), []string{"purpose_unfit"}},
		{"everything, of a colleague's patient", own2, "patient.read", theirs, everything, []string{"not_your_patient"}},
		{"everything, for a change", own2, "service.add", theirs, everything, []string{"not_your_patient"}},
		{"everything, for a right that doctors lack", own2, "bill.list", own, everything, []string{"role_forbidden"}},
		{"everything, without a fresh factor", own2, "patient.delete", own, everything, []string{"step_up_required"}},
		{"off-site, whatever it says of the place", own2, "service.add", own,
			map[string]map[string]any{"context": {"address": "127.0.0.2", "place": "on_site", "location": map[string]any{"place": "on_site"}}}, []string{"step_up_required"}},
		{"a caller in no row", stranger, "patient.read", own, everything, []string{"location_unknown"}},
		{"a caller in no row, for a purpose", stranger, "patient.read", own, context("purpose", "payment"), []string{"location_unknown"}},
		{"believed about the factor", icu, "patient.delete", own, context("elevation", "fresh"), nil},
		{"and not about the purpose", icu, "patient.read", own, context("purpose", "payment"), nil},
		{"nor about who treats whom", icu, "patient.delete", theirs, everything, []string{"not_your_patient"}},
	} {
		v := by(test.token).asks(id, test.action, test.patient, test.claims)
		if v.Decision != (test.want == nil) || !slices.Equal(v.Context.Reasons, test.want) && len(v.Context.Reasons)+len(test.want) > 0 {
			t.Errorf("%s: got %t %v, want %v", test.name, v.Decision, v.Context.Reasons, test.want)
		}
		_, said := rig.Command("audit", "query", "--data", w.Data, "--decision", v.Context.ID, "--output", "json")
		for _, word := range []string{`"caller":"token:`, `"detail":"asked"`} {
			if !strings.Contains(said, word) {
				t.Errorf("%s: the record %s lacks %s", test.name, said, word)
			}
		}
		if test.token == stranger && (strings.Contains(said, "claims") || strings.Contains(said, `"address":"127`)) {
			t.Errorf("%s: the record %s holds the word of a caller that nobody believes", test.name, said)
		}
	}
}

// A caller is known by the one name in its certificate.
func TestCallersProveThemselvesByCertificate(t *testing.T) {
	dir := t.TempDir()
	authority, err := mtls.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	server, err := authority.Write(dir, mtls.PDP, []string{"127.0.0.1"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	client, err := authority.Write(dir, mtls.PEP, []string{"icu.hospital.test"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	change := rig.WithTable(t, "authz/tables/callers.rego", rig.Row{`"certificate": {`, `"certificate": {"spiffe://wardgate.internal/pep": {"address"}, `})
	w := rig.New(t, func(c *config.Config) {
		change(c)
		c.PDP.Certificate, c.PDP.Key, c.PDP.ClientCAFile = server.Certificate, server.Key, server.Authority
	})
	doctor := w.As("doctor")
	pair, err := tls.LoadX509KeyPair(client.Certificate, client.Key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(server.Authority)
	if err != nil || !roots.AppendCertsFromPEM(pem) {
		t.Fatal(err)
	}
	over := func(certificates ...tls.Certificate) *http.Client {
		return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: certificates}}}
	}
	g := &gateway{t: t, w: w, client: over(pair)}
	v := g.asks(doctor.Me().ID, "patient.read", doctor.Items("/api/patients")[0].ID, nil)
	if !v.Decision {
		t.Errorf("got %v", v.Context.Reasons)
	}
	_, said := rig.Command("audit", "query", "--data", w.Data, "--decision", v.Context.ID)
	if !strings.Contains(said, "caller=certificate:spiffe://wardgate.internal/pep") {
		t.Errorf("the record is %s", said)
	}
	res, err := over().Post(w.Process.Decisions()+"/access/v1/evaluation", "application/json", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a certificate and token: got %d, want 401", res.StatusCode)
	}
}

func TestCallersConfigurationIsChecked(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*config.Config)
		want   string
	}{
		"no file":                           {func(c *config.Config) { c.PDP.Callers = []string{"lab"} }, "expected NAME=FILE"},
		"the data folder's name":            {func(c *config.Config) { c.PDP.Callers = []string{"default=/x"} }, `"default" is taken`},
		"twice":                             {func(c *config.Config) { c.PDP.Callers = []string{"lab=/x", "lab=/y"} }, `"lab" is taken`},
		"a name like a certificate's":       {func(c *config.Config) { c.PDP.Callers = []string{"spiffe://x=/x"} }, "small letters"},
		"half a certificate":                {func(c *config.Config) { c.PDP.Certificate = "/x" }, "one is set without the other"},
		"client certificates in plain HTTP": {func(c *config.Config) { c.PDP.ClientCAFile = "/x" }, "need TLS"},
		"plain HTTP for everybody":          {func(c *config.Config) { c.PDP.Listen = "0.0.0.0:8181" }, "pdp.listen"},
		"a public address in plain HTTP":    {func(c *config.Config) { c.PDP.PublicURL = "http://pdp.hospital.test" }, "pdp.public_url"},
		"a public address with a path":      {func(c *config.Config) { c.PDP.PublicURL = "https://pdp.hospital.test/x" }, "pdp.public_url"},
	} {
		c := config.Default()
		test.change(&c)
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// writeToken makes a caller's token, and returns it.
func writeToken(t *testing.T, dir, name string) string {
	t.Helper()
	token := "invented-token-of-" + name
	if err := os.WriteFile(filepath.Join(dir, name), []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return token
}

func readSecretFile(t *testing.T, file string) string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(raw))
}

func TestDecisionPointAnswersAuthZEN(t *testing.T) {
	w := rig.New(t, nil)
	doctor := w.As("doctor")
	token, err := os.ReadFile(filepath.Join(w.Data, "pdp.token"))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(bearer, patient string) *rig.Answer {
		body, err := json.Marshal(map[string]any{
			"subject":  map[string]string{"type": "user", "id": doctor.Me().ID},
			"action":   map[string]string{"name": "patient.read"},
			"resource": map[string]string{"type": "patient", "id": patient},
			"context":  map[string]string{"address": "127.0.0.1"},
		})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest("POST", w.Process.Decisions()+"/access/v1/evaluation", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+bearer)
		return w.Anonymous().Send(r)
	}
	var d struct{ Decision bool }
	own := doctor.Items("/api/patients")[0].ID
	ask(strings.TrimSpace(string(token)), own).Is(200).Into(&d)
	if !d.Decision {
		t.Error("the own patient is denied")
	}
	ask(strings.TrimSpace(string(token)), "no-such-patient").Is(200).Into(&d)
	if d.Decision {
		t.Error("a patient who does not exist is allowed")
	}
	ask("guessed-token-guessed-token", own).Is(401)
}
