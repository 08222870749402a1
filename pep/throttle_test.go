package pep_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/refusals"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pip"
)

// throttled is a world with small bounds for strangers.
func throttled(t *testing.T, change func(*anonymous.Limits)) (*world, *refusals.Ledger) {
	t.Helper()
	l := anonymous.Limits{
		PerMinute: 1, Burst: 5, OffSite: 600, OnSitePerMinute: 1, OnSiteBurst: 5,
		AtOnce: 1, Waiting: 1,
	}
	if change != nil {
		change(&l)
	}
	var ledger *refusals.Ledger
	w := newWorld(t, func(w *world) {
		ledger = w.ledger(refusals.Limits{Anonymous: 2, AnonymousOnSite: 2, Session: 2, Denied: 4})
		limiter, err := anonymous.New(anonymous.Config{
			Limits: func() anonymous.Limits { return l }, OnSite: func(netip.Addr) bool { return false },
		})
		if err != nil {
			t.Fatal(err)
		}
		w.config.Anonymous = limiter
		now := time.Now() // no share grows while a slow machine asks
		w.config.Now = func() time.Time { return now }
		w.config.KnownDevice = func(key string) (string, bool) { return strings.CutPrefix(key, "sealed-") }
	})
	return w, ledger
}

// ledger makes w count refusals within the limits.
func (w *world) ledger(l refusals.Limits) *refusals.Ledger {
	w.t.Helper()
	ledger, err := refusals.New(refusals.Config{
		Limits: func() refusals.Limits { return l }, OnSite: func(netip.Addr) bool { return false },
		Journal: w.journal, Log: w.config.Log,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.config.Refusals = ledger
	return ledger
}

// stranger asks once, with more header lines.
func (w *world) stranger(t *testing.T, header ...string) answer {
	t.Helper()
	raw := "GET /info HTTP/1.1\r\nHost: pep.test\r\nConnection: close\r\n"
	for _, line := range header {
		raw += line + "\r\n"
	}
	got := w.send(raw + "\r\n")
	if len(got) != 1 {
		t.Fatalf("got %d answers", len(got))
	}
	return got[0]
}

// A flood is turned away before anything is asked, and is counted in the
// journal, not written down one by one.
func TestAFloodIsThrottledAndCounted(t *testing.T) {
	w, ledger := throttled(t, nil)
	status := map[int]int{}
	for range 60 {
		a := w.stranger(t)
		status[a.status]++
		if a.status == http.StatusTooManyRequests {
			if a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "too_many_requests") || strings.Contains(a.body, "decision_id") {
				t.Fatalf("got %v %s", a.header, a.body)
			}
		}
	}
	if status[401] != 5 || status[429] != 55 {
		t.Errorf("got %v, want 5 denials, the rest turned away", status)
	}
	if err := ledger.Flush(); err != nil {
		t.Fatal(err)
	}
	singly, counted := 0, map[string]int{}
	for _, e := range w.journal.of(pip.KindDecision) {
		if e.Count == 0 {
			singly++
			continue
		}
		counted[e.Reasons[0]] += e.Count
	}
	if singly != 2 || counted["session_missing"] != 3 || counted["too_many_requests"] != 55 || len(counted) != 2 {
		t.Errorf("got %d records singly, counted %v", singly, counted)
	}
}

// While the key of cookies is not known, a flood of cookies fills no log either: who is
// turned away is not told of one by one.
func TestAFloodOfCookiesFillsNoLog(t *testing.T) {
	var told lines
	b := newBrowserWorld(t, func(b *browserWorld) {
		limiter, err := anonymous.New(anonymous.Config{
			Limits: func() anonymous.Limits { return anonymous.Limits{PerMinute: 1, Burst: 5, OffSite: 600} },
			OnSite: func(netip.Addr) bool { return false },
		})
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		b.config.Now = func() time.Time { return now }
		b.config.Anonymous, b.config.Browsers.Key = limiter, cookieKey("")
		b.config.Log = slog.New(slog.NewTextHandler(&told, nil))
	})
	status := map[int]int{}
	for range 30 {
		status[b.stranger(t, "Cookie: wardgate=forged").status]++
	}
	if n := told.with("the session of a browser is not known"); status[503] != 5 || status[429] != 25 || n != 5 {
		t.Errorf("got %v, and %d lines", status, n)
	}
}

// lines counts those of a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lines) with(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

// Whoever has a session goes on while strangers flood from the same address,
// whatever they present.
func TestADoctorBehindTheSameAddressGoesOn(t *testing.T) {
	w, _ := throttled(t, nil)
	var flood sync.WaitGroup
	stop := make(chan struct{})
	for i := range 4 {
		flood.Go(func() {
			forged := []string{"", "Authorization: Bearer x.y.z", "Cookie: __Host-wardgate-device=forged", "Authorization: Basic x"}[i]
			for {
				select {
				case <-stop:
					return
				default:
				}
				req, err := http.NewRequest("GET", "http://"+w.address+"/info", nil)
				if err != nil {
					t.Error(err)
					return
				}
				if name, value, ok := strings.Cut(forged, ": "); ok {
					req.Header.Set(name, value)
				}
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					continue
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		})
	}
	for i := range 40 {
		got := w.send(request("GET", "/info", "", "Connection: close"))
		if len(got) != 1 || got[0].status != http.StatusOK {
			t.Errorf("request %d of the doctor: got %+v", i, got)
		}
	}
	close(stop)
	flood.Wait()
}

// What proved itself once has a share of its own; what is forged has none.
func TestSharesOfTheKnown(t *testing.T) {
	w, _ := throttled(t, nil)
	for range 6 {
		w.stranger(t)
	}
	claims := w.tokens.claims()
	claims["exp"] = time.Now().Add(-time.Minute).Unix()
	claims["iat"] = time.Now().Add(-time.Hour).Unix()
	expired := w.tokens.sign(claims, w.tokens.header())
	for _, tt := range []struct {
		name, header string
		want         int
	}{
		{"nothing", "", 429},
		{"a forged device key", "Cookie: __Host-wardgate-device=mine", 429},
		{"a genuine device key", "Cookie: __Host-wardgate-device=sealed-a", 401},
		{"a forged token", "Authorization: Bearer " + expired[:len(expired)-4] + "AAAA", 429},
		{"a genuine token that has expired", "Authorization: Bearer " + expired, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var header []string
			if tt.header != "" {
				header = []string{tt.header}
			}
			if a := w.stranger(t, header...); a.status != tt.want {
				t.Errorf("got %d, want %d", a.status, tt.want)
			}
		})
	}
}

// Too many at slow work: who comes further is turned away without a decision,
// and the places are free again afterwards, however a request ended.
func TestSlowWorkIsBounded(t *testing.T) {
	var asked atomic.Int64
	w, _ := throttled(t, func(l *anonymous.Limits) {
		l.Burst = 1000
		l.Costly = map[string]bool{"info.read": true}
		l.Waiting = 15 // of 16 places one caller holds two
	})
	release := make(chan struct{})
	w.config.Decider = deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
		asked.Add(1)
		return allow(r), nil
	})
	w.rebuild(t)
	w.backend.hold(release)
	var wg sync.WaitGroup
	var mu sync.Mutex
	status := map[int]int{}
	for range 12 {
		wg.Go(func() {
			a := w.stranger(t)
			mu.Lock()
			status[a.status]++
			mu.Unlock()
		})
	}
	until(t, "ten that are turned away", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return status[429] == 10
	})
	if asked.Load() != 1 {
		t.Errorf("%d were decided while one did slow work, want 1", asked.Load())
	}
	close(release)
	wg.Wait()
	if fmt.Sprint(status) != "map[200:2 429:10]" {
		t.Errorf("got %v", status)
	}
	if a := w.stranger(t); a.status != 200 {
		t.Errorf("afterwards: got %d", a.status)
	}
}

// Another proxy's questions are bounded by the client's address, not its own.
func TestQuestionsAreBoundedByTheClient(t *testing.T) {
	w, _ := throttled(t, nil)
	ask := func(client, flaw string) int {
		v := w.proxy.Check(context.Background(), &pep.Question{
			Method: "GET", Target: "/info", Host: "pep.test", Header: http.Header{},
			Client: netip.MustParseAddr(client), Body: pep.Body{State: pep.BodyWhole}, Flaw: flaw,
		})
		return v.Problem.Status
	}
	got := map[int]int{}
	for i := range 20 {
		got[ask("192.0.2.1", []string{"", "forwarded_ambiguous"}[i%2])]++
	}
	if got[429] != 15 {
		t.Errorf("got %v, want 15 turned away", got)
	}
	if status := ask("192.0.2.2", ""); status != 401 {
		t.Errorf("another client of the same proxy: got %d", status)
	}
}
