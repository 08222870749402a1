package outages_test

import (
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/internal/process"
)

// The search engine is gone while people work, and Wardgate is restarted
// before it comes back. Nobody is held up, and in the end every record is
// there: log-ins, requests and denials, with what investigators ask for.
func TestEventsArriveWhenTheSearchEngineIsBack(t *testing.T) {
	engine := rig.NewSearchEngine(t)
	configure := func(c *config.Config) { c.Stores.Events.Elasticsearch.Addresses = []string{engine.URL} }
	w := rig.New(t, configure)
	doctor := w.As("doctor")
	engine.Wants(t, w.Data)

	engine.Set(true)
	before := engine.Size()
	doctor.Get("/api/patients").Is(http.StatusOK)
	doctor.Get("/api/admin/users").Is(http.StatusForbidden)
	w.Stop()
	if got := engine.Size(); got != before {
		t.Fatalf("got %d documents from an engine that is gone, want %d", got, before)
	}

	again := w.Data
	w = rig.New(t, func(c *config.Config) { configure(c); c.Data = again })
	engine.Set(false)
	engine.Wants(t, w.Data)
	engine.Mu.Lock()
	defer engine.Mu.Unlock()
	for what, wanted := range map[string]map[string]any{
		"a log-in":  {"event.action": "session.create", "event.outcome": "success", "source.ip": "127.0.0.1"},
		"a read":    {"event.action": "patient.list", "url.path": "/api/patients", "http.response.status_code": 200.0},
		"a denial":  {"event.outcome": "failure", "url.path": "/api/admin/users", "wardgate.allow": false, "wardgate.facts.identity": "fresh"},
		"a restart": {"event.action": "stop"},
	} {
		if !rig.Contains(engine.Docs, wanted) {
			t.Errorf("%s is not among the documents: %v", what, wanted)
		}
	}
}

// Start-up refuses a key that others can read, and never prints it.
func TestEventsKeyIsTheOwners(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("s3cret-of-the-search-engine"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := rig.Config(filepath.Join(t.TempDir(), "var"))
	c.Demo = false
	c.Stores.Events.Elasticsearch.Addresses = []string{"https://es.hospital.test:9200"}
	c.Stores.Events.Elasticsearch.APIKeyFile = key
	_, err := process.New(t.Context(), c, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "api_key_file") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}
