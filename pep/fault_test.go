package pep_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/quota"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pip"
)

// allowed names the control share, which must be forwarded: without it a
// proxy that forwards nothing would pass.
const allowed = "allowed"

// deciderFaults are the ways in which a decision point fails. Each answers an
// honest request, and each must be taken for a denial.
var deciderFaults = map[string]deciderFunc{
	"error": func(context.Context, pdp.Request) (pdp.Decision, error) {
		return pdp.Decision{}, errors.New("broken")
	},
	"error beside an allow": func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
		return allow(r), errors.New("broken")
	},
	"panic": func(context.Context, pdp.Request) (pdp.Decision, error) { panic("broken") },
	"runtime panic": func(context.Context, pdp.Request) (pdp.Decision, error) {
		var m map[string]int
		m["x"]++
		return pdp.Decision{}, nil
	},
	"abort panic":            func(context.Context, pdp.Request) (pdp.Decision, error) { panic(http.ErrAbortHandler) },
	"undefined":              func(context.Context, pdp.Request) (pdp.Decision, error) { return pdp.Decision{}, nil },
	"allow and reasons":      changed(func(d *pdp.Decision) { d.Reasons = []string{"device_changed"} }),
	"allow and empty reason": changed(func(d *pdp.Decision) { d.Reasons = []string{""} }),
	"deny without reasons":   changed(func(d *pdp.Decision) { d.Allow = false }),
	"deny": changed(func(d *pdp.Decision) {
		d.Allow, d.Reasons, d.Grounds = false, []string{"care_missing"}, pdp.Grounds{}
	}),
	"allow under no rule": changed(func(d *pdp.Decision) { d.Grounds = pdp.Grounds{} }),
	"no revision":         changed(func(d *pdp.Decision) { d.Revision = "" }),
	"another revision":    changed(func(d *pdp.Decision) { d.Revision = "revision-0" }),
	"revision changes": func(context.Context, pdp.Request) (pdp.Decision, error) {
		return pdp.Decision{}, pdp.ErrRevisionChanged
	},
	"unknown obligation":    obliged("watermark", `{}`),
	"obligation without id": obliged("", `{}`),
	"condition misshapen":   obliged("row_condition", `{"condition":"all"}`),
	"condition missing":     obliged("row_condition", `{}`),
	"condition unknown":     obliged("row_condition", `{"condition":{"type":"some"}}`),
	"condition with more":   obliged("row_condition", `{"condition":{"type":"all","not":true}}`),
	"condition of nobody":   obliged("row_condition", `{"condition":{"type":"field","operator":"eq","field":"patient.doctor","value":""}}`),
	"withhold misshapen":    obliged("withhold", `{"fields":"all"}`),
	"properties no JSON":    obliged("row_condition", `{`),
	"allow that revokes":    obliged("revoke_session", `{"reason":"device_changed"}`),
	"deny, revoker fails":   denied("revoker fails"),
	"deny, revoker panics":  denied("revoker panics"),
	"journal":               changed(func(*pdp.Decision) {}), // what fails is the record
	"late":                  late,
	allowed:                 changed(func(*pdp.Decision) {}),
}

func allow(r pdp.Request) pdp.Decision {
	return pdp.Decision{Allow: true, Revision: r.Context.Route, Grounds: byRole(), Obligations: []pdp.Obligation{allRows}}
}

func changed(change func(*pdp.Decision)) deciderFunc {
	return func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
		d := allow(r)
		change(&d)
		return d, nil
	}
}

func obliged(id, properties string) deciderFunc {
	return changed(func(d *pdp.Decision) {
		d.Obligations = append([]pdp.Obligation{allRows}, pdp.Obligation{ID: id, Type: "test", Properties: []byte(properties)})
	})
}

func denied(reason string) deciderFunc {
	return changed(func(d *pdp.Decision) {
		d.Allow, d.Reasons = false, []string{"device_changed"}
		d.Obligations = []pdp.Obligation{{ID: "revoke_session", Properties: []byte(fmt.Sprintf(`{"reason":%q}`, reason))}}
	})
}

// late answers well, but after its time.
func late(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
	<-ctx.Done()
	return allow(r), nil
}

// journalFaults are named by an id in the path, which the event repeats.
var journalFaults = []string{"journal-error", "journal-panic"}

func failingJournal(e pip.Event) error {
	switch {
	case strings.HasSuffix(e.Path, "journal-error"):
		return errors.New("disk full")
	case strings.HasSuffix(e.Path, "journal-panic"):
		panic("disk gone")
	}
	return nil
}

// A countingBackend takes forwarded requests without a network, and holds each
// against the journal.
type countingBackend struct {
	t       *testing.T
	key     *assertion.Key
	journal *ledger
	count   sync.Map // fault -> *atomic.Int64
}

func (b *countingBackend) RoundTrip(r *http.Request) (*http.Response, error) {
	n, _ := b.count.LoadOrStore(r.Header.Get("User-Agent"), &atomic.Int64{})
	n.(*atomic.Int64).Add(1)
	claims, err := b.key.Verify(r.Header.Get(assertion.Header), "records", time.Now())
	if err != nil {
		b.t.Errorf("assertion: %v", err)
		return nil, err
	}
	e, ok := b.journal.take(claims.Decision)
	if !ok || !e.Allow || e.Path != r.URL.EscapedPath() || e.Method != r.Method || e.Subject != claims.Subject || e.Revision != testRevision {
		b.t.Errorf("%s %s was forwarded on %+v", r.Method, r.URL, e)
	}
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

func (b *countingBackend) forwarded(fault string) int64 {
	n, ok := b.count.Load(fault)
	if !ok {
		return 0
	}
	return n.(*atomic.Int64).Load()
}

// A ledger keeps decisions until a forwarded request claims them, once each.
type ledger struct {
	fail func(pip.Event) error
	open sync.Map // decision id -> pip.Event
	size atomic.Int64
}

func (l *ledger) Append(_ context.Context, e pip.Event) error {
	if err := l.fail(e); err != nil {
		return err
	}
	if e.Kind == pip.KindDecision {
		l.size.Add(1)
		if _, twice := l.open.LoadOrStore(e.Decision, e); twice {
			return errors.New("a decision id came twice")
		}
	}
	return nil
}

func (l *ledger) take(decision string) (pip.Event, bool) {
	v, ok := l.open.LoadAndDelete(decision)
	if !ok {
		return pip.Event{}, false
	}
	return v.(pip.Event), true
}

// TestFaultsForwardNothing sends 100,000 requests, of which all but the control
// share meet a fault. None of those may reach the application.
func TestFaultsForwardNothing(t *testing.T) {
	const requests = 100_000
	key, err := assertion.NewKey([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	tokens := newTokenIssuer(t)
	records := &ledger{fail: failingJournal}
	backend := &countingBackend{t: t, key: key, journal: records}
	proxy := faultyProxy(t, tokens, key, records, backend, time.Minute)
	hasty := faultyProxy(t, tokens, key, records, backend, pep.DecisionTime) // for what comes too late alone
	draws := newLottery()
	var sent, aborted, allowedSent atomic.Int64
	var workers sync.WaitGroup
	for worker := range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			for n := sent.Add(1); n <= requests; n = sent.Add(1) {
				fault, path := draws.draw(random, n)
				if fault == allowed {
					allowedSent.Add(1)
				}
				to := proxy
				if fault == "late" {
					to = hasty
				}
				if serveOnce(t, to, tokens.good(), fault, path) {
					aborted.Add(1)
				}
			}
		})
	}
	workers.Wait()
	if allowedSent.Load() < requests/100 || backend.forwarded(allowed) != allowedSent.Load() {
		t.Errorf("control: %d of %d forwarded", backend.forwarded(allowed), allowedSent.Load())
	}
	backend.count.Range(func(fault, n any) bool {
		if fault != allowed {
			t.Errorf("%v: %d forwarded, want 0", fault, n.(*atomic.Int64).Load())
		}
		return true
	})
	if aborted.Load() == 0 || records.size.Load() == 0 {
		t.Errorf("%d aborted, %d journalled: the faults did not happen", aborted.Load(), records.size.Load())
	}
}

func faultyProxy(t *testing.T, tokens *tokenIssuer, key *assertion.Key, journal pip.Journal, backend http.RoundTripper, within time.Duration) *pep.Proxy {
	t.Helper()
	proxy, err := pep.New(pep.Config{
		Decider: deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
			return deciderFaults[r.Context.UserAgent](ctx, r)
		}),
		Tables: fixedTables(testTables()),
		Revoker: revokerFunc(func(_ context.Context, _, reason string) error {
			if reason == "revoker panics" {
				panic(reason)
			}
			return errors.New(reason)
		}),
		Journal:   journal,
		Keys:      tokens,
		Tokens:    token.Policy{Issuer: testIssuer, Audience: testAudience},
		Assertion: key,
		Applications: pep.Applications{
			Upstreams: map[string]pep.Upstream{"records": {URL: &url.URL{Scheme: "http", Host: "records.test"}, Transport: backend}},
			Quotas:    map[string]quota.Quota{"records": {PerMinute: quota.Most}},
		},
		Log: slog.New(slog.DiscardHandler), DecisionTime: within,
	})
	if err != nil {
		t.Fatal(err)
	}
	return proxy
}

// A lottery draws faults. Late answers cost 50 ms each, and so are few.
type lottery struct{ names []string }

func newLottery() lottery {
	names := slices.Sorted(maps.Keys(deciderFaults))
	return lottery{slices.DeleteFunc(names, func(n string) bool { return n == "late" })}
}

func (l lottery) draw(random *rand.Rand, n int64) (fault, path string) {
	if n%2000 == 0 {
		return "late", "/api/patients/p-1"
	}
	fault = l.names[random.IntN(len(l.names))]
	if fault == "journal" {
		return fault, "/api/patients/" + journalFaults[random.IntN(len(journalFaults))]
	}
	return fault, "/api/patients/p-1"
}

// serveOnce reports whether the request was aborted by a panic.
func serveOnce(t *testing.T, h http.Handler, token, fault, path string) (aborted bool) {
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("User-Agent", fault)
	rec := httptest.NewRecorder()
	defer func() {
		if v := recover(); v != nil {
			aborted = true
			if v != http.ErrAbortHandler {
				t.Errorf("%s: panicked with %v", fault, v)
			}
		}
	}()
	h.ServeHTTP(rec, r)
	if (rec.Code == http.StatusOK) != (fault == allowed) {
		body, _ := io.ReadAll(rec.Body)
		t.Errorf("%s: status %d: %s", fault, rec.Code, body)
	}
	return false
}
