package pep_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/refusals"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pip"
)

// An administration answers what is posted to it with the status in its path.
type administration struct {
	mu        sync.Mutex
	asked     int
	hold      chan struct{} // until it is closed, no answer comes; nil for at once
	meanwhile func()        // before it answers; nil for nothing
}

func (a *administration) RoundTrip(r *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.asked++
	a.mu.Unlock()
	if a.hold != nil {
		<-a.hold
	}
	if a.meanwhile != nil {
		a.meanwhile()
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	var status int
	if _, err := fmt.Sscanf(r.URL.Path, "/auth/%d", &status); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r, ProtoMajor: 1, ProtoMinor: 1}, nil
}

// A fruitless world lets all log-ins through to an administration, whatever comes of them.
func newFruitless(t *testing.T) (*flooded, *administration, *time.Time) {
	t.Helper()
	a, now := &administration{}, time.Now()
	f := &flooded{ended: ended{session: map[string]bool{}, subject: map[string]bool{}}, now: now}
	f.world = newWorld(t, func(w *world) {
		f.refusals = w.ledger(refusals.Limits{Anonymous: 20, AnonymousOnSite: 200, Session: 10, Denied: 60})
		limiter, err := anonymous.New(anonymous.Config{
			Limits: func() anonymous.Limits {
				return anonymous.Limits{PerMinute: 1 << 20, Burst: 1 << 20, OffSite: 1 << 24, OnSitePerMinute: 1 << 20, OnSiteBurst: 1 << 20,
					AtOnce: 4, Waiting: 64, FruitlessPerMinute: 1200, FruitlessBurst: 400}
			},
			OnSite: func(at netip.Addr) bool { return at == netip.MustParseAddr(honestAddress) },
		})
		if err != nil {
			t.Fatal(err)
		}
		w.config.Anonymous, w.config.Now = limiter, func() time.Time { return now }
		w.config.KnownDevice = func(key string) (string, bool) { return strings.CutPrefix(key, "sealed-") }
		w.config.Upstreams["admin"] = pep.Upstream{URL: &url.URL{Scheme: "http", Host: "admin.test"}, Transport: a}
		tables := *w.config.Tables.Tables()
		for _, status := range []int{200, 400, 401, 403, 404, 409, 429, 503} {
			tables.Routes = append(tables.Routes, pdp.Route{Method: "POST", Path: fmt.Sprint("/auth/", status), Application: "admin",
				Action: "log_in.attempt", Resource: "account", Body: "json"})
		}
		w.config.Tables = fixed{&tables}
		w.config.Decider = deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Allow: true, Revision: testRevision, Grounds: byRole(), Obligations: []pdp.Obligation{allRows}}, nil
		})
	})
	return f, a, &now
}

func (f *flooded) try(status int, k knock) int {
	k.method, k.target, k.body = "POST", fmt.Sprint("/auth/", status), "{}"
	return f.knock(k).Code
}

// What comes to nothing has a bound of its own for each source, before it is asked about
// or journalled; what succeeds, and what fails through no fault of the caller's, has not.
func TestWhatComesToNothingIsBounded(t *testing.T) {
	const n = 3000
	for name, c := range map[string]struct {
		status int
		knock  func(f *flooded) knock
		asked  int
	}{
		"a wrong password":    {401, func(*flooded) knock { return knock{from: floodAddress} }, 400},
		"a form that is none": {400, func(*flooded) knock { return knock{from: floodAddress} }, 400},
		"told to wait":        {429, func(*flooded) knock { return knock{from: floodAddress} }, 400},
		"on-site":             {401, func(*flooded) knock { return knock{from: honestAddress} }, 400},
		"a live session": {404, func(f *flooded) knock {
			token, _ := f.token("account-1", nil)
			return knock{from: floodAddress, token: token}
		}, 400},
		"a known device":                  {401, func(*flooded) knock { return knock{from: floodAddress, header: device("a")} }, 400},
		"log-ins":                         {200, func(*flooded) knock { return knock{from: floodAddress} }, n},
		"a database that does not answer": {503, func(*flooded) knock { return knock{from: floodAddress} }, n},
	} {
		t.Run(name, func(t *testing.T) {
			f, a, _ := newFruitless(t)
			k := c.knock(f)
			for i := range n {
				want := c.status
				if i >= c.asked {
					want = http.StatusTooManyRequests
				}
				if got := f.try(c.status, k); got != want {
					t.Fatalf("the %d. got %d, want %d", i, got, want)
				}
			}
			if a.asked != c.asked {
				t.Errorf("%d were forwarded, want %d", a.asked, c.asked)
			}
			decided := 0
			for _, e := range f.journal.of(pip.KindDecision) {
				if e.Allow {
					decided++
				}
			}
			if kept := f.kept(); decided != c.asked || kept.refused != n-c.asked || kept.records > 11 {
				t.Errorf("%d were decided, want %d; %d are refused in %d records, want %d in few", decided, c.asked, kept.refused, kept.records, n-c.asked)
			}
		})
	}
}

// A client that hangs up before it is answered has cost as much.
func TestHangingUpIsNoWayAround(t *testing.T) {
	f, a, _ := newFruitless(t)
	for range 500 {
		ctx, hangUp := context.WithCancel(t.Context())
		a.meanwhile = hangUp
		f.try(200, knock{from: floodAddress, ctx: ctx})
	}
	if a.asked != 400 {
		t.Errorf("%d were forwarded, want 400", a.asked)
	}
}

// Those under way at once have no more than those one after the other.
func TestWhatComesToNothingAtOnceIsBounded(t *testing.T) {
	f, a, _ := newFruitless(t)
	a.hold = make(chan struct{})
	answers := make(chan int, 1000)
	for range cap(answers) {
		go func() { answers <- f.try(401, knock{from: floodAddress}) }()
	}
	turned := 0
	for range cap(answers) - 400 {
		if got := <-answers; got == http.StatusTooManyRequests {
			turned++
		}
	}
	close(a.hold)
	for range 400 {
		if got := <-answers; got != 401 {
			t.Errorf("got %d of those that were let through", got)
		}
	}
	if turned != 600 || a.asked != 400 {
		t.Errorf("%d were turned away and %d forwarded, want 600 and 400", turned, a.asked)
	}
}

func device(id string) [][2]string {
	return [][2]string{{"Cookie", "__Host-wardgate-device=sealed-" + id}}
}

// One source's bound is no other's, nor that of anything but the administrator, and it
// ends by itself.
func TestWhatComesToNothingHarmsNoOther(t *testing.T) {
	f, _, now := newFruitless(t)
	token, _ := f.token("account-1", nil)
	loud := knock{from: floodAddress}
	for range 500 {
		f.try(401, loud)
		f.try(401, knock{from: floodAddress, token: token})
	}
	other, _ := f.token("account-2", nil)
	for name, k := range map[string]knock{
		"another address":               {from: "198.51.100.8"},
		"a known device at the address": {from: floodAddress, header: device("a")},
		"another session at it":         {from: floodAddress, token: other},
	} {
		if got := f.try(200, k); got != 200 {
			t.Errorf("%s: got %d", name, got)
		}
	}
	for name, k := range map[string]knock{"the address": loud, "the session": {from: floodAddress, token: token}} {
		if got := f.try(200, k); got != 429 {
			t.Errorf("%s: got %d, want 429", name, got)
		}
		k.target = "/info"
		if got := f.knock(k).Code; got != 200 {
			t.Errorf("%s, for another application: got %d", name, got)
		}
	}
	*now = now.Add(time.Second)
	passed := 0
	for range 100 {
		if f.try(401, loud) == 401 {
			passed++
		}
	}
	if passed != 20 {
		t.Errorf("after a second %d more are asked about, want 20", passed)
	}
	*now = now.Add(time.Second)
	if got := f.try(200, loud); got != 200 {
		t.Errorf("later: got %d", got)
	}
}
