package rig

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip/audit/reader"
)

// A searchEngine takes bulk requests as Elasticsearch does, while it is there.
// The counts of behaviour that are kept beside the journal's records it takes
// too, and adds nothing up.
type searchEngine struct {
	Mu   sync.Mutex
	gone bool
	Docs map[string]map[string]any
	URL  string

	reported string // answer to each search for what others report; "" is an outage
}

func NewSearchEngine(t *testing.T) *searchEngine {
	t.Helper()
	e := &searchEngine{Docs: map[string]map[string]any{}}
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	e.URL = s.URL
	return e
}

func (e *searchEngine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	body, err := sent(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	e.Mu.Lock()
	defer e.Mu.Unlock()
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
		e.take(w, body, e.Docs)
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

func (e *searchEngine) Set(gone bool) {
	e.Mu.Lock()
	defer e.Mu.Unlock()
	e.gone = gone
}

func (e *searchEngine) Size() int {
	e.Mu.Lock()
	defer e.Mu.Unlock()
	return len(e.Docs)
}

// Wants waits until the engine holds every record of the journal.
func (e *searchEngine) Wants(t *testing.T, data string) {
	t.Helper()
	ShippedWhole(t, data, e.Size)
}

// ShippedWhole waits until there are as many documents as the journal has
// records.
func ShippedWhole(t *testing.T, data string, documents func() int) {
	t.Helper()
	for end := time.Now().Add(90 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if documents() == Recorded(t, data) {
			return
		}
	}
	t.Fatalf("got %d documents, want the journal's %d", documents(), Recorded(t, data))
}

// Recorded is how many records the journal has.
func Recorded(t *testing.T, data string) int {
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

func (e *searchEngine) Report(answer string) {
	e.Mu.Lock()
	defer e.Mu.Unlock()
	e.reported = answer
}

func (e *searchEngine) Sees(t *testing.T, wanted map[string]any) {
	t.Helper()
	if !e.Has(wanted) {
		t.Errorf("no document has %v", wanted)
	}
}

func (e *searchEngine) Has(wanted map[string]any) bool {
	e.Mu.Lock()
	defer e.Mu.Unlock()
	return Contains(e.Docs, wanted)
}

func Contains(docs map[string]map[string]any, wanted map[string]any) bool {
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
