package extauth_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	auth "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/extauth"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pip"
)

const revision = "revision-1"

// A journal remembers events, and stands for a durable one.
type journal struct {
	mu     sync.Mutex
	fail   error
	events []pip.Event
}

func (j *journal) Append(_ context.Context, e pip.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.fail != nil {
		return j.fail
	}
	j.events = append(j.events, e)
	return nil
}

func (j *journal) decisions() []pip.Event {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []pip.Event
	for _, e := range j.events {
		if e.Kind == pip.KindDecision {
			out = append(out, e)
		}
	}
	return out
}

// of returns the only record of a decision.
func (j *journal) of(t testing.TB, decision string) pip.Event {
	t.Helper()
	var found []pip.Event
	for _, e := range j.decisions() {
		if e.Decision == decision {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		t.Fatalf("decision %q has %d records, want 1", decision, len(found))
	}
	return found[0]
}

type deciderFunc func(context.Context, pdp.Request) (pdp.Decision, error)

func (f deciderFunc) Decide(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
	return f(ctx, r)
}

// sessionPolicy allows every known route to whoever has a valid credential,
// and limits what records may show.
func sessionPolicy(_ context.Context, r pdp.Request) (pdp.Decision, error) {
	d := pdp.Decision{Revision: r.Context.Route}
	switch {
	case r.Action.Name == "":
		d.Reasons = []string{"route_unknown"}
	case !r.Context.Address.IsValid():
		d.Reasons = []string{"location_unknown"}
	case r.Context.Credential.State == pdp.CredentialNone:
		d.Reasons = []string{"session_missing"}
	case r.Context.Credential.State != pdp.CredentialValid:
		d.Reasons = []string{"token_invalid"}
	case r.Action.Name == "patient.delete":
		d.Reasons = []string{"step_up_required"}
		d.Obligations = []pdp.Obligation{{ID: "step_up", Properties: []byte(`{"acr_values":"aal3","max_age":300}`)}}
	case r.Action.Name == "patient.forbidden":
		d.Reasons = []string{"role_forbidden"}
	case r.Action.Name == "patient.unsure":
		d.Reasons = []string{"care_unknown"}
	default:
		d.Allow = true
		d.Grounds = pdp.Grounds{Rules: []pdp.Rule{{Folder: "role", Code: "role"}}}
		if !strings.HasPrefix(r.Action.Name, "page.") {
			d.Obligations = []pdp.Obligation{{ID: "row_condition", Properties: []byte(`{"condition":{"type":"all"}}`)}}
		}
	}
	return d, nil
}

type fixedTables struct{}

func (fixedTables) Tables() *pdp.Tables {
	row := func(method, path, application, action, body string) pdp.Route {
		return pdp.Route{Method: method, Path: path, Application: application, Action: action, Resource: "patient", Body: body}
	}
	reasons := pdp.Reasons{
		"route_unknown":    {Class: pdp.ClassMalformed, Status: http.StatusNotFound, Alone: true},
		"session_missing":  {Class: pdp.ClassCredential, Status: http.StatusUnauthorized, Alone: true},
		"token_expired":    {Class: pdp.ClassCredential, Status: http.StatusUnauthorized, Alone: true},
		"token_invalid":    {Class: pdp.ClassCredential, Status: http.StatusUnauthorized, Alone: true},
		"session_revoked":  {Class: pdp.ClassCredential, Status: http.StatusUnauthorized, Alone: true},
		"step_up_required": {Class: pdp.ClassCredential, Status: http.StatusUnauthorized},
		"care_unknown":     {Class: pdp.ClassUnavailable, Status: http.StatusServiceUnavailable},
	}
	return &pdp.Tables{Revision: revision, Reasons: reasons, Routes: []pdp.Route{
		row("GET", "/api/patients", "records", "patient.list", "none"),
		row("POST", "/api/patients", "records", "patient.add", "json"),
		row("GET", "/api/patients/{patient}", "records", "patient.read", "none"),
		row("DELETE", "/api/patients/{patient}", "records", "patient.delete", "none"),
		row("GET", "/forbidden/{patient}", "records", "patient.forbidden", "none"),
		row("GET", "/unsure/{patient}", "records", "patient.unsure", "none"),
		row("GET", "/images", "imaging", "page.read", "none"),
		row("POST", "/images", "imaging", "page.add", "json"),
		row("DELETE", "/images/{patient}", "imaging", "page.remove", "none"),
		row("GET", "/images/{patient}", "imaging", "patient.read", "none"),
		row("GET", "/nobody", "nobody", "page.read", "none"),
	}}
}

// An issuer signs access tokens as the policy administrator does.
type issuer struct{ private *ecdsa.PrivateKey }

func (i issuer) Key(id string) (crypto.PublicKey, bool) { return &i.private.PublicKey, id == "key-1" }
func (i issuer) Generation() uint64                     { return 1 }

func (i issuer) token(t testing.TB) string {
	t.Helper()
	now := time.Now()
	token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"iss": "https://wardgate.test", "aud": "wardgate", "sub": "account-1", "jti": "token-1",
		"iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "auth_time": now.Unix(),
		"sid": "session-1", "acr": "aal2", "amr": []string{"pwd", "otp"}, "role": "doctor",
	})
	token.Header["typ"], token.Header["kid"] = "at+jwt", "key-1"
	signed, err := token.SignedString(i.private)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// A world is an enforcement point that other proxies may ask over HTTP from
// 127.0.0.1 alone, and over gRPC.
type world struct {
	t       testing.TB
	key     *assertion.Key
	token   string
	journal *journal
	config  pep.Config
	proxy   *pep.Proxy
	backend *backend
	address string // HTTP
	asked   string // gRPC
	envoy   auth.AuthorizationClient
	logs    *locked
}

// A backend records what is forwarded to it.
type backend struct {
	*httptest.Server
	mu  sync.Mutex
	got []*http.Request
}

func newBackend(t testing.TB) *backend {
	b := &backend{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.got = append(b.got, r)
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) taken() []*http.Request {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := b.got
	b.got = nil
	return got
}

func newWorld(t testing.TB, change func(*world)) *world {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, journal: &journal{}, backend: newBackend(t), logs: &locked{}}
	if w.key, err = assertion.NewKey(bytes.Repeat([]byte("k"), 32)); err != nil {
		t.Fatal(err)
	}
	tokens := issuer{private}
	w.token = tokens.token(t)
	target, err := url.Parse(w.backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.config = pep.Config{
		DecisionTime: time.Minute, // what is asked here is not whether it is in time

		Decider:   deciderFunc(sessionPolicy),
		Tables:    fixedTables{},
		Revoker:   noRevoker{},
		Journal:   w.journal,
		Keys:      tokens,
		Tokens:    token.Policy{Issuer: "https://wardgate.test", Audience: "wardgate"},
		Assertion: w.key,
		Applications: pep.Applications{
			Upstreams: map[string]pep.Upstream{"records": {URL: target, Transport: w.backend.Client().Transport}},
			Proxied:   []string{"imaging"},
			Hosts:     func(host string) bool { return strings.HasPrefix(host, "hospital.test") },
		},
		Log: slog.New(slog.NewTextHandler(w.logs, nil)),
	}
	if change != nil {
		change(w)
	}
	if w.proxy, err = pep.New(w.config); err != nil {
		t.Fatal(err)
	}
	w.serveHTTP()
	w.serveEnvoy()
	return w
}

type noRevoker struct{}

func (noRevoker) Revoke(context.Context, string, string) error {
	return errors.New("nothing to revoke")
}

type locked struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (w *world) serveHTTP() {
	w.t.Helper()
	handler, err := extauth.NewHTTP(w.proxy, w.proxy, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")})
	if err != nil {
		w.t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	w.address = s.Listener.Addr().String()
	w.t.Cleanup(s.Close)
}

func (w *world) serveEnvoy() {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	envoy, err := extauth.NewEnvoy(w.proxy, w.config.Log)
	if err != nil {
		w.t.Fatal(err)
	}
	w.asked = l.Addr().String()
	s := extauth.NewServer(envoy)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	client, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = client.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := errors.Join(s.Shutdown(ctx), <-done); err != nil {
			w.t.Errorf("serve: %v", err)
		}
	})
	w.envoy = auth.NewAuthorizationClient(client)
}

// delegated checks what an allowed request has to be able to show: an assertion
// about exactly it, and one record of before that allows the same.
func (w *world) delegated(application, signed, decision, method, target string, body []byte) {
	w.t.Helper()
	claims, err := w.key.Verify(signed, application, time.Now())
	if err != nil {
		w.t.Fatalf("assertion: %v", err)
	}
	path, query, _ := strings.Cut(target, "?")
	e := w.journal.of(w.t, claims.Decision)
	for _, got := range []struct{ what, got, want string }{
		{"decision", claims.Decision, decision},
		{"method", claims.Method, method}, {"method of the record", e.Method, method},
		{"path", claims.Path, path}, {"path of the record", e.Path, path},
		{"query", claims.QueryDigest, assertion.Digest([]byte(query))}, {"query of the record", e.QueryDigest, claims.QueryDigest},
		{"body", claims.BodyDigest, assertion.Digest(body)}, {"body of the record", e.BodyDigest, claims.BodyDigest},
		{"subject", claims.Subject, "account-1"}, {"subject of the record", e.Subject, "account-1"},
		{"detail", e.Detail, "extauth"}, {"revision", e.Revision, revision},
	} {
		if got.got != got.want {
			w.t.Errorf("%s: got %q, want %q", got.what, got.got, got.want)
		}
	}
	if !e.Allow {
		w.t.Error("the record does not allow")
	}
}

func document(t testing.TB, raw []byte) problem.Document {
	t.Helper()
	var d problem.Document
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
	return d
}
