package e2e_test

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
	w := newWorld(t, report)
	doctor := w.as("doctor")
	doctor.get("/api/patients/" + doctor.items("/api/patients")[0].ID).is(200)
	w.stop()
	if len(plane.decisions) > 0 {
		t.Fatal("decisions reached a collector that was away")
	}
	plane.set(false)
	again := newWorld(t, func(c *config.Config) { report(c); c.Data = w.data })
	again.stranger().get("/api/patients").is(401)
	var ids []string
	for r, err := range reader.Query(context.Background(), filepath.Join(w.data, "journal"), reader.Filter{Kind: pip.KindDecision}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, r.Event.Decision)
	}
	until(t, "every decision is there", func() bool { return plane.has(ids) })
	_, r := again.ready()
	until(t, "the status is there", func() bool {
		plane.mu.Lock()
		defer plane.mu.Unlock()
		return plane.revision == r.Policy.Revision
	})
	if len(ids) < 5 {
		t.Errorf("got %d decisions", len(ids))
	}
}
