package behaviour_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// A controlPlane collects what OPA's own would.
type controlPlane struct {
	mu        sync.Mutex
	away      bool
	decisions map[string]map[string]any
	revision  string
}

func (c *controlPlane) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.away:
		w.WriteHeader(http.StatusServiceUnavailable)
	case r.URL.Path == "/opa/logs":
		var events []map[string]any
		z, err := gzip.NewReader(r.Body)
		if err == nil {
			err = json.NewDecoder(z).Decode(&events)
		}
		if err != nil {
			w.WriteHeader(http.StatusServiceUnavailable) // cut off by a stop
			return
		}
		for _, e := range events {
			c.decisions[e["decision_id"].(string)] = e
		}
	case r.URL.Path == "/opa/status":
		var u struct {
			Bundles map[string]struct {
				Revision string `json:"active_revision"`
			}
		}
		if json.NewDecoder(r.Body).Decode(&u) == nil {
			c.revision = u.Bundles["wardgate"].Revision
		}
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (c *controlPlane) set(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

func (c *controlPlane) has(ids []string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if c.decisions[id] == nil {
			return false
		}
	}
	return true
}

// Every decision reaches the control plane: those of a run during which it was
// away as well, after a restart.
func TestDecisionsReachAControlPlane(t *testing.T) {
	plane := &controlPlane{decisions: map[string]map[string]any{}, away: true}
	server := httptest.NewServer(plane)
	t.Cleanup(server.Close)
	report := func(c *config.Config) { c.DecisionLogs.URL, c.Status.URL = server.URL+"/opa", server.URL+"/opa" }
	w := rig.New(t, report)
	doctor := w.As("doctor")
	doctor.Get("/api/patients/" + doctor.Items("/api/patients")[0].ID).Is(200)
	w.Stop()
	if len(plane.decisions) > 0 {
		t.Fatal("decisions reached a collector that was away")
	}
	plane.set(false)
	again := rig.New(t, func(c *config.Config) { report(c); c.Data = w.Data })
	again.Anonymous().Get("/api/patients").Is(401)
	var ids []string
	for r, err := range reader.Query(context.Background(), filepath.Join(w.Data, "journal"), reader.Filter{Kind: pip.KindDecision}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.Event.Decision)
	}
	rig.Until(t, "every decision is there", func() bool { return plane.has(ids) })
	_, r := again.Ready()
	rig.Until(t, "the status is there", func() bool {
		plane.mu.Lock()
		defer plane.mu.Unlock()
		return plane.revision == r.Policy.Revision
	})
	if len(ids) < 5 {
		t.Errorf("got %d decisions", len(ids))
	}
}

// An EDR finds malware where the doctor works: the doctor is cut off, and the
// nurse is not. An EDR that cannot be asked is not one that reports nothing.
func TestReportsOfOthersAreActedOn(t *testing.T) {
	engine := rig.NewSearchEngine(t)
	banning := rig.WithTable(t, rig.VerdictTable, // as a hospital may decide
		rig.Row{`"staff": {"step_up", "alert"}`, `"staff": {"ban", "step_up", "alert"}`})
	w := rig.New(t, func(c *config.Config) {
		banning(c)
		c.Stores.Events.Elasticsearch.Addresses = []string{engine.URL}
		c.Signals.Reports = []config.Report{{
			Name: "edr", Kind: "malware", Index: "logs-edr-*", When: map[string]string{"event.kind": "alert"}, About: map[string]string{"username": "user.name"},
		}}
	})
	w.Anonymous().Send(w.Anonymous().Request("GET", "/api/patients", nil))
	engine.Wants(t, w.Data)
	engine.Sees(t, map[string]any{"wardgate.kind": "decision", "wardgate.facts.signals": "unknown"})

	engine.Report(nothingReported)
	doctor, nurse := w.As("doctor"), w.As("nurse")
	doctor.Get("/api/patients").Is(http.StatusOK)
	engine.Report(reportedOf("Doctor", 1))
	inTheEnd(t, http.StatusUnauthorized, func() *rig.Answer { return doctor.Get("/api/patients") })
	nurse.Get("/api/patients").Is(http.StatusOK)
	engine.Wants(t, w.Data)
	engine.Sees(t, map[string]any{"wardgate.kind": "decision", "wardgate.facts.signals": "fresh"})
	// The ban holds before its record is written.
	rig.Until(t, "the record of the ban", func() bool { return engine.Has(map[string]any{"event.action": "sentinel.ban"}) })
}
