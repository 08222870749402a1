//go:build integration

package rig

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
)

// MakeStream makes what `wardgate events setup` does, as far as the
// distribution that is fetched for tests can: it has neither lifecycles nor
// constant keywords.
func MakeStream(t *testing.T, s *realserver.ElasticsearchServer) {
	t.Helper()
	for _, step := range elastic.Steps(elastic.Plan{Stream: elastic.DefaultStream}) {
		if !strings.Contains(step.Path, "_template/") {
			continue
		}
		body, err := json.Marshal(step.Body)
		if err != nil {
			t.Fatal(err)
		}
		status, said := AskEngine(t, s, http.MethodPut, step.Path, strings.ReplaceAll(string(body), "constant_keyword", "keyword"))
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", step.Path, status, said)
		}
	}
}

func AskEngine(t *testing.T, s *realserver.ElasticsearchServer, method, path, body string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	said, err := ReadAndClose(res)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, said
}

// A hospital's servers: one MariaDB with a database for each store, reached
// through a link that fails on demand.
type servers struct {
	Maria    *realserver.MariaDBServer
	Link     *realserver.Link
	Identity string // names of databases
	Sessions string
	Records  string
}

func RealServers(t *testing.T) *servers {
	t.Helper()
	m := realserver.MariaDB(t)
	return &servers{
		Maria: m, Link: realserver.NewLink(t, m.Address),
		Identity: m.Database(), Sessions: m.Database(), Records: m.Database(),
	}
}

// Use has a configuration keep everything on the servers.
func (s *servers) Use(c *config.Config) {
	c.Stores.Identity.DSN = s.Maria.DSNVia(s.Link.Address, s.Identity)
	c.Stores.Sessions.DSN = s.Maria.DSNVia(s.Link.Address, s.Sessions)
	c.Stores.Records.DSN = s.Maria.DSNVia(s.Link.Address, s.Records)
}

// Count counts rows behind the process's back.
func (s *servers) Count(t *testing.T, query string) (n int) {
	t.Helper()
	if err := s.Maria.Query(query, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// ChangeRecords makes one statement that changes patients, as some other
// program of the hospital's would.
func (s *servers) ChangeRecords(statement string) {
	s.Maria.Execute(strings.Replace(statement, "UPDATE patients", "UPDATE "+s.Records+".patients", 1))
}

// UntilReady asks until the process has noticed by itself that all is well.
func (s *servers) UntilReady(w *World) {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(w.T.Context(), time.Minute)
	defer cancel()
	stranger := w.Anonymous()
	for ctx.Err() == nil {
		// An outage is no late decision: it is not counted as one.
		a := stranger.SendOnce(stranger.Request("POST", "/auth/login", WrongPassword("nobody")))
		if a.Status == http.StatusUnauthorized || a.Status == http.StatusTooManyRequests {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	w.T.Fatal("it never came back by itself")
}
