package pep_test

import (
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/quota"
	"github.com/wardgate/wardgate/pip"
)

// What is beyond a quota is 429 with Retry-After at that application alone: nothing
// is asked about it, nothing is forwarded or revoked, other applications go on, and
// nothing is counted as the subject's behaviour.
func TestQuotaIsOfOneApplication(t *testing.T) {
	t.Parallel()
	for name, external := range map[string]bool{"own service": false, "another application": true} {
		asked := 0
		w := newWorld(t, func(w *world) {
			now := time.Now() // the quota does not grow while a slow machine asks
			w.config.Now = func() time.Time { return now }
			w.config.Quotas = map[string]quota.Quota{"records": {PerMinute: 6, Weight: 2}}
			w.config.Decider = changed(func(d *pdp.Decision) { asked, d.Obligations = asked+1, nil })
			to := w.config.Upstreams["records"]
			to.External = external
			w.unsigned = external
			w.config.Upstreams = map[string]pep.Upstream{"records": to}
		})
		for i, want := range []int{200, 200, 200, 429, 429} {
			got := w.send(request("GET", "/info", ""))
			if len(got) != 1 || got[0].status != want {
				t.Fatalf("%s: request %d: got %+v, want %d", name, i, got, want)
			}
			if want == http.StatusTooManyRequests && got[0].header.Get("Retry-After") == "" {
				t.Errorf("%s: the answer does not say when to come again", name)
			}
		}
		if asked != 3 {
			t.Errorf("%s: %d questions were asked, want 3", name, asked)
		}
		if requests, _ := w.backend.requests(); len(requests) != 3 {
			t.Errorf("%s: %d requests were forwarded, want 3", name, len(requests))
		}
		for _, e := range w.journal.of(pip.KindDecision) {
			if of := e.Observation().Of; (of == pip.ConductRequest) != e.Allow {
				t.Errorf("%s: the decision %v, %q counts as behaviour: %v", name, e.Allow, e.Reasons, of)
			}
		}
		c := w.proxy.Check(t.Context(), &pep.Question{
			Method: "GET", Target: "/info", Host: "pep.test", Client: netip.MustParseAddr("127.0.0.1"),
			Header: http.Header{"Authorization": {"Bearer " + w.tokens.good()}}, Body: pep.Body{State: pep.BodyWhole},
		})
		if c.Allow || c.Problem.Status != http.StatusTooManyRequests {
			t.Errorf("%s: through another proxy got %+v, want 429 of the same quota", name, c)
		}
	}
}

// A row's weight is how many requests it counts as.
func TestRouteHasAWeight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		at := time.Now()
		w.config.Now = func() time.Time { return at }
		w.config.Quotas = map[string]quota.Quota{"records": {PerMinute: 60}}
		now := w.config.Tables.Tables()
		heavy := *now
		heavy.Routes = append([]pdp.Route{}, now.Routes...)
		for i := range heavy.Routes {
			heavy.Routes[i].Weight = 40
		}
		w.config.Tables = fixed{&heavy}
	})
	for i, want := range []int{200, 429} {
		if got := w.send(request("GET", "/info", "")); len(got) != 1 || got[0].status != want {
			t.Errorf("request %d: got %+v, want %d", i, got, want)
		}
	}
}

type fixed struct{ tables *pdp.Tables }

func (f fixed) Tables() *pdp.Tables { return f.tables }
