package client_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/api"
	"github.com/wardgate/wardgate/pdp/client"
	"github.com/wardgate/wardgate/pip"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.ReleaseMode)
	os.Exit(m.Run())
}

// A point is a decision point whose answers a test sets.
type point struct {
	mu       sync.Mutex
	asked    []pdp.Request
	decide   func(context.Context, pdp.Request) (pdp.Decision, error)
	revision string
	keys     map[string]*ecdsa.PublicKey
	revoked  []string
	refuse   error
	cut      pip.Revocations
	since    pip.Mark
	counted  []pdp.Counted
	asks     []pdp.Continuation
	ongoing  []pdp.Ongoing
	goesOn   error
	cookie   []byte
}

func (p *point) Continue(_ context.Context, c pdp.Continuation) (pdp.Continued, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asks = append(p.asks, c)
	if p.goesOn != nil {
		return pdp.Continued{}, p.goesOn
	}
	return goingOn(), nil
}

func (p *point) GoesOn(_ context.Context, o pdp.Ongoing) (pdp.Going, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ongoing = append(p.ongoing, o)
	return pdp.Going{AskAfter: time.Second}, p.goesOn
}

func goingOn() pdp.Continued {
	return pdp.Continued{AccessToken: "a.b.c", Expires: time.Unix(1e9, 0).UTC(), RenewAfter: time.Minute}
}

func (p *point) CookieKey() (pdp.CookieKey, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return pdp.CookieKey{Secret: p.cookie}, nil
}

func allowed() pdp.Decision {
	return pdp.Decision{
		Allow: true, Revision: "r1",
		Grounds:     pdp.Grounds{Rules: []pdp.Rule{{Folder: "role", Code: "role"}}, Right: "Patient Health overview", Reach: "own"},
		Obligations: []pdp.Obligation{{ID: "rows-1", Type: "rows", Properties: json.RawMessage(`{"a":1}`)}},
		Evidence: pdp.Evidence{
			Input: json.RawMessage(`{"seen":true}`), Ages: map[string]int64{"care": 7},
			Who: pip.Identity{Reading: pip.Reading{Source: "identity", State: pip.Fresh, Age: 5}, Account: pip.AccountActive, Role: "doctor", Staff: "s-1", Patient: "p-1", Department: "d-1"},
		},
	}
}

func (p *point) Decide(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
	p.mu.Lock()
	p.asked = append(p.asked, r)
	decide := p.decide
	p.mu.Unlock()
	if decide != nil {
		return decide(ctx, r)
	}
	return allowed(), nil
}

func (p *point) Tables() *pdp.Tables {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &pdp.Tables{Revision: p.revision, Routes: []pdp.Route{{ID: "r", Method: "GET", Path: "/a", Application: "a", Action: "x.y", Resource: "z", Body: "none"}}}
}

func (p *point) JWKS() (pdp.KeySet, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return pdp.NewKeySet(p.keys)
}

func (p *point) Revoke(_ context.Context, session, reason string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revoked = append(p.revoked, session+" "+reason)
	return p.refuse
}

func (p *point) Snapshot(_ context.Context, since pip.Mark) (pip.Revocations, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.since = since
	return p.cut, p.refuse
}

func (p *point) Count(_ context.Context, seen pdp.Counted) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counted = append(p.counted, seen)
	return p.refuse
}

func (p *point) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func newKey(t testing.TB) *ecdsa.PublicKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &k.PublicKey
}

// A world is a client, the network and a decision point behind it.
type world struct {
	t        testing.TB
	point    *point
	client   *client.Client
	server   *httptest.Server
	requests atomic.Int64
	down     atomic.Bool
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, point: &point{revision: "r1", cookie: bytes.Repeat([]byte("0123456789abcdef"), 2), keys: map[string]*ecdsa.PublicKey{"k1": newKey(t)}}}
	inner, err := api.NewInternal(api.InternalConfig{
		Decider: w.point, Tables: w.point, Revoker: w.point, Keys: w.point,
		Revocations: w.point, Counter: w.point, Continuer: w.point, Sessions: w.point, CookieKey: w.point,
		Caller: func(*http.Request) bool { return true },
		Log:    quiet(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.requests.Add(1)
		if w.down.Load() {
			panic(http.ErrAbortHandler)
		}
		inner.ServeHTTP(rw, r)
	}))
	return w
}

// pointed is a client of whatever answers.
func pointed(t testing.TB, h http.Handler) *world {
	t.Helper()
	w := &world{t: t}
	w.serve(h)
	return w
}

func (w *world) serve(h http.Handler) {
	w.t.Helper()
	w.server = httptest.NewServer(h)
	w.t.Cleanup(w.server.Close)
	// What is asked here is not whether a decision is in time.
	w.with(client.Config{Wait: time.Second, DecisionTime: time.Minute})
}

// with makes the client anew.
func (w *world) with(c client.Config) {
	w.t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	w.t.Cleanup(transport.CloseIdleConnections)
	var err error
	if w.client, err = client.New(w.base(), transport, quiet(), c); err != nil {
		w.t.Fatal(err)
	}
}

// run follows the decision point, and ends with the test.
func (w *world) run() {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { w.client.Run(ctx) })
	w.t.Cleanup(func() { cancel(); group.Wait() })
}

// until waits for something that must become true; the bound is for a broken
// program, not a promise of speed.
func until(t testing.TB, what string, true func() bool) {
	t.Helper()
	for by := time.Now().Add(time.Minute); time.Now().Before(by); time.Sleep(25 * time.Millisecond) {
		if true() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func (w *world) base() *url.URL {
	w.t.Helper()
	base, err := url.Parse(w.server.URL)
	if err != nil {
		w.t.Fatal(err)
	}
	return base
}
