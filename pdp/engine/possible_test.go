package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/care"
	"github.com/wardgate/wardgate/pip/device"
	"github.com/wardgate/wardgate/pip/identity"
	"github.com/wardgate/wardgate/pip/location"
	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/signals"
	"github.com/wardgate/wardgate/policies"
)

const impossible = "input_impossible"

// What is assumed of inputs has to be true of every request that there is: the real
// information points in all of their states, tokens of every kind, the policy
// administrator's own questions, and other enforcement points.
func TestNoRealRequestIsImpossible(t *testing.T) {
	const requests = 3000
	w := newWorldOfPoints(t)
	allowed := 0
	for i := range requests {
		if i%100 == 0 {
			w.change(t)
		}
		r := w.request()
		d, err := w.engine.Decide(t.Context(), r)
		if err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		if slices.Contains(d.Reasons, impossible) {
			t.Fatalf("%+v\nis taken for impossible: %s", r, d.Evidence.Input)
		}
		if d.Allow {
			allowed++
		}
	}
	if allowed == 0 {
		t.Errorf("none of %d requests was allowed: they say little", requests)
	}
}

// A caller that contradicts what is known is denied for that, whatever it claims.
func TestCallerThatContradictsItselfIsDenied(t *testing.T) {
	w := newWorldOfPoints(t)
	w.calm(t)
	for name, change := range map[string]func(*pdp.Request){
		"a machine with a doctor's account":  func(r *pdp.Request) { r.Subject = pdp.Subject{Type: pdp.SubjectMachine, ID: "doctor"} },
		"a machine with a patient's account": func(r *pdp.Request) { r.Subject = pdp.Subject{Type: pdp.SubjectMachine, ID: "patient"} },
		"a stranger with an account":         func(r *pdp.Request) { r.Subject.Type = pdp.SubjectAnonymous },
		"a session of this house": func(r *pdp.Request) {
			r.Context.Credential = pdp.Credential{State: pdp.CredentialValid, AMR: []string{"pwd", "otp"}}
		},
		"no caller at all": func(r *pdp.Request) { r.Context.Caller = pdp.Caller{} },
	} {
		r := w.delegated("doctor")
		change(&r)
		d, err := w.engine.Decide(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if d.Allow || !slices.Contains(d.Reasons, impossible) {
			t.Errorf("%s: got allow %t, reasons %v", name, d.Allow, d.Reasons)
		}
	}
}

// patient is the deadline of decisions in tests that are not about it: a busy machine
// decides as an idle one.
const patient = time.Minute

// worldOfPoints has all information points, over stores that fail and age.
type worldOfPoints struct {
	*rand.Rand
	engine   *engine.Engine
	actions  []string
	device   *device.Source
	list     *revocation.List
	signals  *signals.Source
	broken   map[string]bool // information points that fail or panic
	failing  bool            // stores
	clock    time.Duration   // how far the clock of the accounts was set
	sessions []string
}

var accounts = map[string]identity.Record{
	"doctor":   {Standing: pip.AccountActive, Role: "doctor", Staff: "s-1", Department: "d-1"},
	"nurse":    {Standing: pip.AccountActive, Role: "nurse", Staff: "s-2", Department: "d-1"},
	"patient":  {Standing: pip.AccountActive, Role: "patient", Patient: "p-1"},
	"both":     {Standing: pip.AccountActive, Role: "doctor", Staff: "s-3", Department: "d-2", Patient: "p-2"},
	"officer":  {Standing: pip.AccountActive, Role: "security"},
	"pending":  {Standing: pip.AccountPending, Role: "nurse"},
	"disabled": {Standing: pip.AccountDisabled, Role: "doctor", Staff: "s-4", Department: "d-1"},
	"former":   {Standing: pip.AccountActive, Role: "a role that is gone", Staff: "s-5"},
	"machine":  {Standing: pip.AccountActive, Role: "machine"},
}

func newWorldOfPoints(t *testing.T) *worldOfPoints {
	t.Helper()
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := aead.New(handle)
	if err != nil {
		t.Fatal(err)
	}
	w := &worldOfPoints{Rand: rand.New(rand.NewPCG(11, 2)), device: device.New(sealer), list: revocation.New(), broken: map[string]bool{}}
	w.signals = signals.New(w, slog.New(slog.DiscardHandler))
	for range 8 {
		w.sessions = append(w.sessions, uuid.NewString())
	}
	var sources []pip.Source
	now := func() time.Time { return time.Now().Add(w.clock) }
	for _, s := range []pip.Source{identity.NewSource(accountsOf{w: w}, now), w.list, w.device, location.Source{}, care.New(w), w.signals} {
		sources = append(sources, fragile{s, w})
	}
	files, err := rulebook.ReadRules(policies.FS)
	if err != nil {
		t.Fatal(err)
	}
	first, err := engine.Load(files, points.Sections())
	if err != nil {
		t.Fatal(err)
	}
	w.engine = engine.NewFrom(first, sources, nil, slog.New(slog.DiscardHandler), engine.Config{Timeout: patient})
	w.actions = []string{"session.create", "session.continue", "machine.log_in", "log_in.begin", "log_in.fail", ""}
	for _, row := range w.engine.Tables().Routes {
		w.actions = append(w.actions, row.Action)
	}
	return w
}

// calm makes all information points answer.
func (w *worldOfPoints) calm(t *testing.T) {
	t.Helper()
	w.failing = false
	clear(w.broken)
	if err := w.list.Restore(w.list.Inquire(), pip.Revocations{}); err != nil {
		t.Fatal(err)
	}
	if err := w.signals.Refresh(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
}

// change makes some information points fail, others age, and cuts some people off.
func (w *worldOfPoints) change(t *testing.T) {
	t.Helper()
	w.calm(t)
	w.failing = w.IntN(4) == 0
	for _, name := range points.Names() {
		w.broken[name] = w.IntN(8) == 0
	}
	w.clock += time.Duration(w.IntN(4)) * 10 * time.Second
	until := time.Now().Add(time.Hour)
	for _, subject := range []string{"nurse", pip.OwesStepUp("doctor"), pip.BarredAddress(netip.MustParseAddr("203.0.113.7"))} {
		if w.IntN(6) > 0 {
			continue
		}
		if err := w.list.Ban(t.Context(), subject, until); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.list.Revoke(t.Context(), w.sessions[w.IntN(len(w.sessions))], until); err != nil {
		t.Fatal(err)
	}
}

// fragile fails before or after what it knows, or panics.
type fragile struct {
	pip.Source
	w *worldOfPoints
}

func (f fragile) Gather(ctx context.Context, q *pip.Query, facts *pip.Facts, words pip.Words) error {
	if !f.w.broken[f.Name()] {
		return f.Source.Gather(ctx, q, facts, words)
	}
	switch f.w.IntN(3) {
	case 0:
		return errors.New("broken")
	case 1:
		_ = f.Source.Gather(ctx, q, facts, words)
		panic("broken")
	default:
		return errors.Join(f.Source.Gather(ctx, q, facts, words), errors.New("broken"))
	}
}

var errStore = errors.New("the store does not answer")

type accountsOf struct {
	identity.AccountStore
	w *worldOfPoints
}

func (a accountsOf) Account(_ context.Context, id string) (identity.Record, error) {
	if a.w.failing {
		return identity.Record{}, errStore
	}
	r, known := accounts[id]
	if !known {
		return identity.Record{}, identity.ErrNotFound
	}
	return r, nil
}

func (w *worldOfPoints) OfPatient(_ context.Context, id string) (care.Relationship, error) {
	if w.failing {
		return care.Relationship{}, errStore
	}
	if id == "no-patient" {
		return care.Relationship{}, nil
	}
	return care.Relationship{Patient: id, Staff: []string{"s-1", "s-3", ""}, Department: "d-1"}, nil
}

func (w *worldOfPoints) OfService(ctx context.Context, id string) (care.Relationship, error) {
	return w.OfPatient(ctx, "p-"+id)
}

func (w *worldOfPoints) Add(context.Context, signals.Batch) error { return nil }

func (w *worldOfPoints) Counts(context.Context, time.Time) (map[signals.Who]pip.Signals, error) {
	counts := map[signals.Who]pip.Signals{}
	for id := range accounts {
		counts[signals.Who{Subject: id}] = pip.Signals{Requests: w.IntN(5000), Denials: w.IntN(30), Patients: w.IntN(500), Predictions: w.IntN(400)}
	}
	return counts, nil
}

func (w *worldOfPoints) Habits(context.Context, time.Time) (map[string]signals.Habit, error) {
	return nil, nil
}

func one[T any](w *worldOfPoints, of ...T) T { return of[w.IntN(len(of))] }

// request is one of those that the house asks, by the parts of it that ask.
func (w *worldOfPoints) request() pdp.Request {
	switch w.IntN(6) {
	case 0:
		return w.stranger()
	case 1:
		return w.told()
	case 2:
		return w.beginning()
	case 3:
		return w.delegated(one(w, "doctor", "nurse", "patient", "both", "pending", "disabled", "former", "gone", "machine"))
	default:
		return w.withToken()
	}
}

func (w *worldOfPoints) bare() pdp.Request {
	return pdp.Request{
		Subject:  pdp.Subject{Type: pdp.SubjectAnonymous},
		Action:   pdp.Action{Name: one(w, w.actions...)},
		Resource: one(w, pip.Resource{}, pip.Resource{Type: "patient", ID: "p-1"}, pip.Resource{Type: "patient", ID: "no-patient"}, pip.Resource{Type: "service", ID: "1"}, pip.Resource{Type: "model", ID: "m"}),
		Context: pdp.Context{
			Time:       one(w, time.Now(), time.Now(), time.Now().Add(12*time.Hour), time.Time{}),
			Address:    one(w, netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("203.0.113.7"), netip.Addr{}),
			UserAgent:  one(w, "curl/8", "Mozilla/5.0 (Windows NT 10.0) Firefox/130", ""),
			Credential: pdp.Credential{State: pdp.CredentialNone},
		},
	}
}

// stranger is what the enforcement point asks without a token that holds.
func (w *worldOfPoints) stranger() pdp.Request {
	r := w.bare()
	r.Context.Credential = one(w, pdp.Credential{State: pdp.CredentialNone},
		pdp.Credential{State: pdp.CredentialExpired, Presented: "cookie", Site: one(w, pdp.SiteOwn, pdp.SiteForeign, pdp.SiteUnknown)}, pdp.Credential{State: pdp.CredentialInvalid, Presented: "header"})
	return r
}

// withToken is what it asks with one.
func (w *worldOfPoints) withToken() pdp.Request {
	r := w.bare()
	id := one(w, "doctor", "nurse", "patient", "both", "officer", "pending", "disabled", "former", "gone", "machine")
	token := uuid.NewString()
	sealed, err := w.device.Seal(token, w.device.Observe(one(w, "curl/8", r.Context.UserAgent), netip.Addr{}))
	if err != nil {
		panic(err)
	}
	r.Subject = pdp.Subject{Type: pdp.SubjectUser, ID: id}
	c := pdp.Credential{
		State: pdp.CredentialValid, Presented: one(w, "header", "cookie"), Session: one(w, w.sessions...), TokenID: token,
		ACR:       one(w, "urn:wardgate:acr:two-factor", "urn:wardgate:acr:pass", "urn:wardgate:acr:stepped-up"),
		AMR:       []string{"pwd", one(w, "otp", "email", "recovery", "pass")},
		AuthTime:  time.Now().Add(one(w, -time.Minute, -time.Hour, time.Hour)),
		Footprint: one(w, sealed, sealed, "garbage", ""),
	}
	if c.Presented == pdp.PresentedCookie {
		c.Site = one(w, pdp.SiteOwn, pdp.SiteForeign, pdp.SiteUnknown)
	}
	if id == "machine" {
		r.Subject.Type, c.ACR, c.AMR = pdp.SubjectMachine, "urn:wardgate:acr:machine", []string{"swk"}
	}
	r.Context.Credential = c
	return r
}

// told is what the administrator asks before and after a log-in that fails.
func (w *worldOfPoints) told() pdp.Request {
	r := w.bare()
	r.Action.Name, r.Resource = one(w, "log_in.begin", "log_in.fail"), pip.Resource{Type: "account"}
	r.Context.LogIn.Familiar = one(w, "", pdp.FamiliarDevice, pdp.FamiliarNetwork)
	if r.Action.Name == "log_in.fail" {
		r.Context.LogIn.Factor, r.Context.LogIn.Failures = one(w, pdp.FactorPassword, pdp.FactorCode), w.IntN(20)
	}
	return r
}

// beginning is what the administrator asks when a session begins or goes on.
func (w *worldOfPoints) beginning() pdp.Request {
	r := w.bare()
	r.Subject = pdp.Subject{Type: pdp.SubjectUser, ID: one(w, "doctor", "nurse", "patient", "officer", "pending")}
	r.Resource = pip.Resource{Type: "session"}
	r.Context.Credential = pdp.Credential{State: pdp.CredentialValid, AMR: []string{"pwd", "otp"}, AuthTime: time.Now()}
	r.Context.Journey = pip.Journey{
		Country: one(w, "", pip.CountrySame, pip.CountryOther, pip.CountryLost), Measured: w.IntN(2) == 0,
		Kilometres: float64(w.IntN(9000)), Lost: w.IntN(4) == 0, Elapsed: time.Duration(w.IntN(48)) * time.Hour,
	}
	switch r.Action.Name = one(w, "session.create", "session.continue", "machine.log_in"); r.Action.Name {
	case "session.create":
		r.Context.LogIn.Familiar = one(w, "", pdp.FamiliarDevice, pdp.FamiliarNetwork)
	case "session.continue":
		r.Context.Credential.ACR = one(w, "urn:wardgate:acr:two-factor", "urn:wardgate:acr:pass")
	default:
		r.Subject = pdp.Subject{Type: pdp.SubjectMachine, ID: "machine"}
		r.Context.Credential.AMR, r.Context.Journey = []string{"swk"}, pip.Journey{}
	}
	return r
}

// delegated is what another enforcement point asks.
func (w *worldOfPoints) delegated(id string) pdp.Request {
	r := w.bare()
	r.Subject = pdp.Subject{Type: pdp.SubjectUser, ID: id}
	if id == "machine" {
		r.Subject.Type = pdp.SubjectMachine
	}
	r.Context.Credential.State = pdp.CredentialDelegated
	r.Context.Caller = pdp.Caller{Kind: one(w, pdp.CallerToken, pdp.CallerCertificate), Name: one(w, "default", "lab")}
	r.Context.Claims = map[string]string{
		"context.purpose": one(w, "treatment", "anything", ""), "context.elevation": one(w, "fresh", "none"),
		"subject.properties.role": "security", "context.time": "day",
	}
	return r
}
