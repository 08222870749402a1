package e2e_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/process"
	"github.com/wardgate/wardgate/pip/audit/reader"
)

// A searchEngine takes bulk requests as Elasticsearch does, while it is there.
// The counts of behaviour that are kept beside the journal's records it takes
// too, and adds nothing up.
type searchEngine struct {
	mu   sync.Mutex
	gone bool
	docs map[string]map[string]any
	url  string

	reported string // answer to each search for what others report; "" is an outage
}

func newSearchEngine(t *testing.T) *searchEngine {
	t.Helper()
	e := &searchEngine{docs: map[string]map[string]any{}}
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	e.url = s.URL
	return e
}

func (e *searchEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	body, err := sent(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.gone:
		w.WriteHeader(http.StatusServiceUnavailable)
	case strings.HasSuffix(r.URL.Path, "/_field_caps"):
		const keyword = `{"keyword":{"searchable":true,"aggregatable":true}}`
		_, _ = io.WriteString(w, `{"fields":{"@timestamp":{"date":{}},"user.name":`+keyword+`,"event.kind":`+keyword+`}}`)
	case r.URL.Path == "/_msearch" && e.reported != "":
		_, _ = io.WriteString(w, e.reported)
	case strings.HasSuffix(r.URL.Path, "/_search"):
		_, _ = io.WriteString(w, `{"timed_out":false,"_shards":{"failed":0},"hits":{"hits":[]},"aggregations":{"groups":{"buckets":[]}}}`)
	case strings.HasPrefix(r.URL.Path, "/_index_template/"):
		_, _ = io.WriteString(w, `{"acknowledged":true}`)
	case r.URL.Path == "/_bulk":
		e.take(w, body, map[string]map[string]any{}) // counts
	case strings.HasSuffix(r.URL.Path, "/_bulk"):
		e.take(w, body, e.docs)
	default:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// sent is the whole of what was sent, before anything is made of it.
func sent(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	plain, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(plain)
}

// take needs e.mu.
func (e *searchEngine) take(w http.ResponseWriter, body []byte, docs map[string]map[string]any) {
	var items []string
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		type target struct {
			ID string `json:"_id"`
		}
		var op struct {
			Create target `json:"create"` // a record
			Index  target `json:"index"`  // a count
		}
		var doc map[string]any
		if json.Unmarshal(lines.Bytes(), &op) != nil || !lines.Scan() || json.Unmarshal(lines.Bytes(), &doc) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		verb, id, status := "create", op.Create.ID, "201"
		if id == "" {
			verb, id = "index", op.Index.ID
		}
		if docs[id] != nil {
			status = "409"
		}
		docs[id] = doc
		items = append(items, `{"`+verb+`":{"status":`+status+`}}`)
	}
	_, _ = io.WriteString(w, `{"items":[`+strings.Join(items, ",")+`]}`)
}

func (e *searchEngine) set(gone bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gone = gone
}

func (e *searchEngine) size() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.docs)
}

// wants waits until the engine holds every record of the journal.
func (e *searchEngine) wants(t *testing.T, data string) {
	t.Helper()
	shippedWhole(t, data, e.size)
}

// shippedWhole waits until there are as many documents as the journal has
// records.
func shippedWhole(t *testing.T, data string, documents func() int) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if documents() == recorded(t, data) {
			return
		}
	}
	t.Fatalf("got %d documents, want the journal's %d", documents(), recorded(t, data))
}

// recorded is how many records the journal has.
func recorded(t *testing.T, data string) int {
	t.Helper()
	head, err := reader.HeadOf(filepath.Join(data, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	return int(head.Seq)
}

func field(doc map[string]any, name string) any {
	var at any = doc
	for part := range strings.SplitSeq(name, ".") {
		m, _ := at.(map[string]any)
		at = m[part]
	}
	return at
}

// The search engine is gone while people work, and Wardgate is restarted
// before it comes back. Nobody is held up, and in the end every record is
// there: log-ins, requests and denials, with what investigators ask for.
func TestEventsArriveWhenTheSearchEngineIsBack(t *testing.T) {
	engine := newSearchEngine(t)
	configure := func(c *config.Config) { c.Stores.Events.Elasticsearch.Addresses = []string{engine.url} }
	w := newWorld(t, configure)
	doctor := w.as("doctor")
	engine.wants(t, w.data)

	engine.set(true)
	before := engine.size()
	doctor.get("/api/patients").is(http.StatusOK)
	doctor.get("/api/admin/users").is(http.StatusForbidden)
	w.stop()
	if got := engine.size(); got != before {
		t.Fatalf("got %d documents from an engine that is gone, want %d", got, before)
	}

	again := w.data
	w = newWorld(t, func(c *config.Config) { configure(c); c.Data = again })
	engine.set(false)
	engine.wants(t, w.data)
	engine.mu.Lock()
	defer engine.mu.Unlock()
	for what, wanted := range map[string]map[string]any{
		"a log-in":  {"event.action": "session.create", "event.outcome": "success", "source.ip": "127.0.0.1"},
		"a read":    {"event.action": "patient.list", "url.path": "/api/patients", "http.response.status_code": 200.0},
		"a denial":  {"event.outcome": "failure", "url.path": "/api/admin/users", "wardgate.allow": false, "wardgate.facts.identity": "fresh"},
		"a restart": {"event.action": "stop"},
	} {
		if !contains(engine.docs, wanted) {
			t.Errorf("%s is not among the documents: %v", what, wanted)
		}
	}
}

// An EDR finds malware where the doctor works: the doctor is cut off, and the
// nurse is not. An EDR that cannot be asked is not one that reports nothing.
func TestReportsOfOthersAreActedOn(t *testing.T) {
	engine := newSearchEngine(t)
	w := newWorld(t, func(c *config.Config) {
		c.Stores.Events.Elasticsearch.Addresses = []string{engine.url}
		c.Signals.Reports = []config.Report{{
			Name: "edr", Kind: "malware", Index: "logs-edr-*", When: map[string]string{"event.kind": "alert"}, About: map[string]string{"username": "user.name"},
		}}
	})
	w.stranger().send(w.stranger().request("GET", "/api/patients", nil))
	engine.wants(t, w.data)
	engine.sees(t, map[string]any{"wardgate.kind": "decision", "wardgate.facts.signals": "unknown"})

	engine.report(nothingReported)
	doctor, nurse := w.as("doctor"), w.as("nurse")
	doctor.get("/api/patients").is(http.StatusOK)
	engine.report(reportedOf("Doctor", 1))
	inTheEnd(t, http.StatusUnauthorized, func() *answer { return doctor.get("/api/patients") })
	nurse.get("/api/patients").is(http.StatusOK)
	engine.wants(t, w.data)
	engine.sees(t, map[string]any{"wardgate.kind": "decision", "wardgate.facts.signals": "fresh"})
	engine.sees(t, map[string]any{"event.action": "sentinel.ban"})
}

func (e *searchEngine) report(answer string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reported = answer
}

func (e *searchEngine) sees(t *testing.T, wanted map[string]any) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if !contains(e.docs, wanted) {
		t.Errorf("no document has %v", wanted)
	}
}

func contains(docs map[string]map[string]any, wanted map[string]any) bool {
	for _, doc := range docs {
		fits := true
		for name, value := range wanted {
			fits = fits && field(doc, name) == value
		}
		if fits {
			return true
		}
	}
	return false
}

// Start-up refuses a key that others can read, and never prints it.
func TestEventsKeyIsTheOwners(t *testing.T) {
	key := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(key, []byte("s3cret-of-the-search-engine"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := anyPort(filepath.Join(t.TempDir(), "var"))
	c.Demo = false
	c.Stores.Events.Elasticsearch.Addresses = []string{"https://es.hospital.test:9200"}
	c.Stores.Events.Elasticsearch.APIKeyFile = key
	_, err := process.New(t.Context(), c, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "api_key_file") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}
