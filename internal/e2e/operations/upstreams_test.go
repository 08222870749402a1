package operations_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
)

// A flappingLaboratory does with requests, and with checks, what it is told to.
type flappingLaboratory struct {
	*httptest.Server
	breaks, ill atomic.Bool
	requests    atomic.Int64
	checks      atomic.Int64
	shared      atomic.Bool // a check came on a connection of a request
}

func newFlappingLaboratory(t *testing.T) *flappingLaboratory {
	t.Helper()
	l := &flappingLaboratory{}
	var asked sync.Map // connections on which a request came
	l.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" {
			defer l.checks.Add(1)
			if _, of := asked.Load(r.RemoteAddr); of || r.Header.Get("Authorization") != "" {
				l.shared.Store(true)
			}
			if l.ill.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			return
		}
		l.requests.Add(1)
		if l.breaks.Load() {
			panic(http.ErrAbortHandler)
		}
		asked.Store(r.RemoteAddr, true)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"items":[]}`)
	}))
	t.Cleanup(l.Close)
	return l
}

func (l *flappingLaboratory) with(t *testing.T, change func(*config.Application)) *rig.World {
	t.Helper()
	return rig.New(t, func(c *config.Config) {
		c.Policies, c.Applications = rig.BookWithLaboratory(t), rig.At("lab", l.URL)
		change(&c.Applications[0])
	})
}

// upstreamEvents are what the journal says of upstreams.
func upstreamEvents(t *testing.T, w *rig.World) (all []string) {
	for _, e := range rig.Events(t, w.Data, func(e *pip.Event) bool { return strings.HasPrefix(e.Action, "upstream.") }) {
		all = append(all, fmt.Sprintf("%s %s %s", e.Action, e.Outcome, e.Detail))
	}
	return all
}

// An application that breaks every exchange is out: its requests are refused at once, are
// not sent, and nothing else is harmed. It comes back by itself. One person alone does not
// take it from the others.
func TestABrokenApplicationIsOut(t *testing.T) {
	lab := newFlappingLaboratory(t)
	w := lab.with(t, func(a *config.Application) { a.Breaker = config.Breaker{Failures: 2, Rest: "6s"} })
	doctor, nurse := w.As("doctor"), w.As("nurse")
	lab.breaks.Store(true)
	for range 3 {
		doctor.Get("/lab/reports/r-1").Is(http.StatusBadGateway)
	}
	nurse.Get("/lab/reports/r-1").Is(http.StatusBadGateway)
	if got := lab.requests.Load(); got != 4 {
		t.Errorf("the laboratory got %d requests of four", got)
	}
	a := doctor.Get("/lab/reports/r-1").Is(http.StatusServiceUnavailable)
	if after, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || after < 1 || after > 6 || !strings.Contains(string(a.Body), `"application_unavailable"`) || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("got %v %s", a.Header, a.Body)
	}
	if got := lab.requests.Load(); got != 4 {
		t.Errorf("an application that is out got a request")
	}
	doctor.Get("/api/patients").Is(http.StatusOK)
	if status, r := w.Ready(); status != http.StatusOK || r.Detail["applications.lab"].State != "out" || !slices.Contains(r.Degraded, "applications.lab") {
		t.Errorf("got %d %+v", status, r)
	}
	for metric, want := range map[string]string{
		`wardgate_degraded{part="applications.lab"}`: "1", `wardgate_upstream_refused_requests_total{application="lab"}`: "1",
		`wardgate_upstream_state{application="lab",state="open",upstream="1"}`: "1",
	} {
		if got := w.Metric(metric); got != want {
			t.Errorf("%s: got %q", metric, got)
		}
	}
	lab.breaks.Store(false)
	rig.Until(t, "the laboratory is back", func() bool { return doctor.Get("/lab/reports/r-1").Status == http.StatusOK })
	if w.Degraded("applications.lab") {
		t.Error("it is degraded still")
	}
	want := []string{"upstream.out failure lab " + lab.URL + ": open", "upstream.back success lab " + lab.URL + ": serving"}
	if got := upstreamEvents(t, w); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// An application that fails its checks is out before a request is lost to it, and checks
// take no connection of a session.
func TestAnApplicationThatFailsItsChecksIsOut(t *testing.T) {
	lab := newFlappingLaboratory(t)
	w := lab.with(t, func(a *config.Application) {
		a.Health = &config.Health{Path: "/healthz", Interval: "1s", Unhealthy: 1, Healthy: 1}
	})
	doctor := w.As("doctor")
	doctor.Get("/lab/reports/r-1").Is(http.StatusOK)
	lab.ill.Store(true)
	rig.Until(t, "it is out", func() bool { return w.Condition("applications.lab") == "out" })
	doctor.Get("/lab/reports/r-1").Is(http.StatusServiceUnavailable)
	doctor.Get("/api/patients").Is(http.StatusOK)
	if status, _ := w.Ready(); status != http.StatusOK || w.Metric(`wardgate_upstream_failed_checks_total{application="lab"}`) == "0" {
		t.Errorf("got %d", status)
	}
	lab.ill.Store(false)
	rig.Until(t, "it is back", func() bool { return w.Condition("applications.lab") == "serving" })
	doctor.Get("/lab/reports/r-1").Is(http.StatusOK)
	before := lab.checks.Load()
	rig.Until(t, "a check that began after the request", func() bool { return lab.checks.Load() >= before+2 })
	if lab.shared.Load() || lab.requests.Load() != 2 {
		t.Errorf("a check came as a session's, or a request was sent: %d", lab.requests.Load())
	}
	for i, action := range []string{"upstream.out failure lab " + lab.URL + ": unhealthy", "upstream.back"} {
		if got := upstreamEvents(t, w); len(got) != 2 || !strings.HasPrefix(got[i], action) {
			t.Errorf("got %q", got)
		}
	}
}
