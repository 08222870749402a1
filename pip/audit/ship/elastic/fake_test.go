package elastic_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
)

// A cluster behaves as Elasticsearch does where Wardgate calls it.
type cluster struct {
	mu    sync.Mutex
	docs  map[string]string
	puts  []string // "path" of what was made
	auth  string   // of the newest request
	calls int

	product string // X-Elastic-Product
	bulk    func(call int, id, doc string) (status int, code string)
	whole   func(call int) (status int, body string) // 0 answers as usual
}

func newCluster() *cluster { return &cluster{docs: map[string]string{}, product: "Elasticsearch"} }

func (c *cluster) serve(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	return s.URL
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	c.auth = r.Header.Get("Authorization")
	w.Header().Set("X-Elastic-Product", c.product)
	w.Header().Set("Content-Type", "application/json")
	if c.whole != nil {
		if status, body := c.whole(c.calls); status != 0 {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
			return
		}
	}
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body = z
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/_bulk"):
		c.takeBulk(w, r, body)
	case r.Method == http.MethodPut:
		c.puts = append(c.puts, r.URL.Path)
		_, _ = io.WriteString(w, `{"acknowledged":true}`)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (c *cluster) takeBulk(w http.ResponseWriter, r *http.Request, body io.Reader) {
	if r.URL.Query().Get("require_data_stream") != "true" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	type result struct {
		Create map[string]any `json:"create"`
	}
	var items []result
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var op struct {
			Create struct {
				ID string `json:"_id"`
			} `json:"create"`
		}
		if err := json.Unmarshal(lines.Bytes(), &op); err != nil || op.Create.ID == "" || !lines.Scan() {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		id, doc := op.Create.ID, lines.Text()
		status, code := http.StatusCreated, ""
		if c.bulk != nil {
			status, code = c.bulk(c.calls, id, doc)
		}
		if _, have := c.docs[id]; have && status == http.StatusCreated {
			status, code = http.StatusConflict, "version_conflict_engine_exception"
		}
		if status == http.StatusCreated {
			c.docs[id] = doc
		}
		item := map[string]any{"status": status}
		if code != "" {
			item["error"] = map[string]any{"type": code, "reason": "Preview of field's value: 'of a patient'"}
		}
		items = append(items, result{item})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
}

func connect(t *testing.T, s elastic.Server) *elastictransport.Client {
	t.Helper()
	client, err := elastic.Connect(s)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func errorBody(code string) string {
	return fmt.Sprintf(`{"error":{"type":%q,"reason":"of a patient"},"status":400}`, code)
}
