package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/care"
	"github.com/wardgate/wardgate/pip/device"
	"github.com/wardgate/wardgate/pip/location"
	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/signals"
	"github.com/wardgate/wardgate/policies"
)

const (
	issuer    = "https://wardgate.internal"
	audience  = "wardgate"
	patientID = "019b8d4d-6bf5-7e28-a7ec-f71df98b3752"
	doctorID  = "01a20215-b23d-7c96-baa0-cbc0cf000001"
	staffID   = "019b8d2b-8c02-7d2e-a798-9d62ec4581a0"
)

// A ward is everything that is measured: one doctor, one patient, the real
// engine and information points, and a backend that answers 1 KiB.
type ward struct {
	turn                           atomic.Int64
	engine                         *engine.Engine
	sources                        []pip.Source
	keys                           *signingKey
	token                          string
	session, tokenID               string
	footprint                      string
	backend, bare, checks, durable string // URLs
	closers                        []func() error
}

// people knows the one account of the ward, which is another doctor after each
// turn: the same question is then another one.
type people struct{ turn *atomic.Int64 }

func (p people) staff() string { return staffID + strconv.FormatInt(p.turn.Load(), 10) }

func (people) Name() string { return "identity" }
func (p people) Gather(_ context.Context, _ *pip.Query, f *pip.Facts, w pip.Words) error {
	f.Identity = pip.Identity{
		Reading: pip.Reading{Source: "identity", State: pip.Fresh},
		Account: pip.AccountActive, Role: "doctor", Staff: p.staff(), Department: "d-1",
	}
	w.Trust(f.Identity.Reading)
	return nil
}

type register struct{ people }

func (r register) OfPatient(context.Context, string) (care.Relationship, error) {
	return care.Relationship{Patient: patientID, Staff: []string{r.staff()}, Department: "d-1"}, nil
}

func (r register) OfService(ctx context.Context, id string) (care.Relationship, error) {
	return r.OfPatient(ctx, id)
}

// nowhere is a journal without a disk: what the checks alone cost.
type nowhere struct{ signals *signals.Source }

func (n nowhere) Append(_ context.Context, e pip.Event) error {
	seen := e.Observation()
	n.signals.Observe(&seen)
	return nil
}

type nobody struct{}

func (nobody) Revoke(context.Context, string, string) error { return nil }

func newWard(dir string) (*ward, error) {
	keys, err := newSigningKey()
	if err != nil {
		return nil, err
	}
	w := &ward{keys: keys, session: uuid.NewString(), tokenID: uuid.NewString()}
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	seal, err := aead.New(handle)
	if err != nil {
		return nil, err
	}
	devices, behaviour, revoked := device.New(seal), signals.New(&signals.Memory{}, slog.New(slog.DiscardHandler)), revocation.New()
	if err := w.follow(revoked); err != nil {
		return nil, err
	}
	if err := behaviour.Refresh(context.Background(), time.Now()); err != nil {
		return nil, err
	}
	if w.footprint, err = devices.Seal(w.tokenID, devices.Observe(agent, netip.Addr{})); err != nil {
		return nil, err
	}
	if err := w.sign(); err != nil {
		return nil, err
	}
	book, err := tireless(dir)
	if err != nil {
		return nil, err
	}
	doctors := people{&w.turn}
	w.sources = []pip.Source{doctors, revoked, devices, location.Source{}, care.New(register{doctors}), behaviour}
	if w.engine, err = engine.New(book, points.Sections(), w.sources, nil, slog.New(slog.DiscardHandler)); err != nil {
		return nil, err
	}
	return w, w.serve(dir, behaviour)
}

// tireless copies the rule book, with a rate of requests that no load reaches:
// one doctor asks for a whole hospital here.
func tireless(dir string) (fs.FS, error) {
	copied := filepath.Join(dir, "policies")
	if err := os.CopyFS(copied, policies.FS); err != nil {
		return nil, err
	}
	file := filepath.Join(copied, "authz", "tables", "thresholds.rego")
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text := regexp.MustCompile(`"requests_many": [0-9]+`).ReplaceAll(raw, []byte(`"requests_many": 1000000000`))
	return os.DirFS(copied), os.WriteFile(file, text, 0o600)
}

// nobodyEnded is the authority of a ward in which no account is cut off.
type nobodyEnded struct{}

func (nobodyEnded) Snapshot(context.Context, pip.Mark) (pip.Revocations, error) {
	return pip.Revocations{}, nil
}

// follow keeps the revocation list fresh.
func (w *ward) follow(list *revocation.List) error {
	ctx, stop := context.WithCancel(context.Background())
	f := revocation.NewFollower(list, nobodyEnded{}, nil, revocation.Pace{}, slog.New(slog.DiscardHandler))
	done := make(chan struct{})
	go func() { defer close(done); f.Run(ctx) }()
	w.closers = append(w.closers, func() error { stop(); <-done; return nil })
	return f.Ask(ctx)
}

// sign makes the doctor's access token.
func (w *ward) sign() error {
	now := time.Now()
	var err error
	w.token, err = w.keys.sign(jwt.MapClaims{
		"iss": issuer, "aud": audience, "sub": doctorID, "sid": w.session, "jti": w.tokenID,
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "auth_time": now.Unix(),
		"acr": "urn:wardgate:acr:two-factor", "amr": []string{"pwd", "otp"}, "role": "doctor",
		"client_id": "bench", "fp": w.footprint,
	})
	return err
}

func (w *ward) serve(dir string, behaviour *signals.Source) error {
	body := []byte(`{"text":"` + strings.Repeat("x", 1011) + `"}`)
	var err error
	w.backend, err = w.listen(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "application/json")
		_, _ = rw.Write(body)
	}))
	if err != nil {
		return err
	}
	target, err := url.Parse(w.backend)
	if err != nil {
		return err
	}
	proxy := &httputil.ReverseProxy{Transport: toBackend(), Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
	if w.bare, err = w.listen(proxy); err != nil {
		return err
	}
	if w.checks, err = w.enforce(target, nowhere{behaviour}); err != nil {
		return err
	}
	journal, err := audit.Open(audit.Config{Dir: filepath.Join(dir, "journal")})
	if err != nil {
		return err
	}
	w.closers = append(w.closers, journal.Close)
	w.durable, err = w.enforce(target, journal)
	return err
}

func (w *ward) enforce(target *url.URL, journal pip.Journal) (string, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return "", err
	}
	key, err := assertion.NewKey(secret)
	if err != nil {
		return "", err
	}
	proxy, err := pep.New(pep.Config{
		Decider: w.engine, Tables: w.engine, Revoker: nobody{}, Journal: journal, Keys: w.keys,
		Tokens: token.Policy{Issuer: issuer, Audience: audience}, Assertion: key,
		Applications: pep.Applications{Upstreams: map[string]pep.Upstream{"records": {URL: target, Transport: toBackend()}}},
		Log:          slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return "", err
	}
	return w.listen(proxy)
}

func toBackend() *http.Transport {
	return &http.Transport{MaxIdleConnsPerHost: 2 * connections, DisableCompression: true}
}

func (w *ward) listen(h http.Handler) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	w.closers = append(w.closers, s.Close)
	go func() {
		// Serve always ends with an error; here it is that of Close.
		_ = s.Serve(l)
	}()
	return "http://" + l.Addr().String(), nil
}

func (w *ward) close() {
	for i := len(w.closers) - 1; i >= 0; i-- {
		if err := w.closers[i](); err != nil {
			fmt.Println("bench:", err)
		}
	}
}

// request is the question that the enforcement point asks for a request of load.
func (w *ward) request() pdp.Request {
	now := time.Now()
	return pdp.Request{
		Subject:  pdp.Subject{Type: "user", ID: doctorID},
		Action:   pdp.Action{Name: "patient.read", Method: http.MethodGet},
		Resource: pdp.Resource{Type: "patient", ID: patientID},
		Context: pdp.Context{
			Time: now, Address: netip.MustParseAddr("127.0.0.1"), UserAgent: agent,
			Credential: pdp.Credential{
				State: pdp.CredentialValid, Presented: "header", Session: w.session, TokenID: w.tokenID,
				ACR: "urn:wardgate:acr:two-factor", AMR: []string{"pwd", "otp"}, AuthTime: now, Footprint: w.footprint,
			},
		},
	}
}
