//go:build integration

package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
)

// The same drill as with the embedded Redis.
func TestNeitherTheRealRedisNorTheAuthorityAnswers(t *testing.T) {
	newFarHouse(t, realserver.Redis(t).Address, "").goesBlindAndComesBack(t)
}

// The same drill as with the embedded search engine.
func TestRealSearchEngineIsOutOfReach(t *testing.T) {
	s := realserver.Elasticsearch(t)
	makeStream(t, s)
	before := documents(t, s)
	searchDrill{
		link:      realserver.NewLink(t, strings.TrimPrefix(s.URL, "http://")),
		documents: func() int { return documents(t, s) - before },
	}.run(t)
}

// makeStream makes what `wardgate events setup` does, as far as the
// distribution that is fetched for tests can: it has neither lifecycles nor
// constant keywords.
func makeStream(t *testing.T, s *realserver.ElasticsearchServer) {
	t.Helper()
	for _, step := range elastic.Steps(elastic.Plan{Stream: elastic.DefaultStream}) {
		if !strings.Contains(step.Path, "_template/") {
			continue
		}
		body, err := json.Marshal(step.Body)
		if err != nil {
			t.Fatal(err)
		}
		status, said := askEngine(t, s, http.MethodPut, step.Path, strings.ReplaceAll(string(body), "constant_keyword", "keyword"))
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", step.Path, status, said)
		}
	}
}

// documents counts the journal's records in the search engine, behind the
// process's back. Before the first there is no stream.
func documents(t *testing.T, s *realserver.ElasticsearchServer) int {
	t.Helper()
	if status, _ := askEngine(t, s, http.MethodPost, "/"+elastic.DefaultStream+"/_refresh", ""); status == http.StatusNotFound {
		return 0
	}
	status, said := askEngine(t, s, http.MethodGet, "/"+elastic.DefaultStream+"/_count", "")
	var found struct{ Count int }
	if err := json.Unmarshal(said, &found); status != http.StatusOK || err != nil {
		t.Fatalf("count: %d %s, %v", status, said, err)
	}
	return found.Count
}

func askEngine(t *testing.T, s *realserver.ElasticsearchServer, method, path, body string) (int, []byte) {
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
	said, err := readAndClose(res)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, said
}

// One process with its databases on servers. Redis alone goes, and nobody
// notices; the database of the sessions goes too, and nobody is let in, though
// all else that a decision needs is there. Redis coming back helps nobody: its
// copy is believed only while somebody keeps it in step with the database.
func TestRealRedisAndSessionsAreGone(t *testing.T) {
	s, redis := realServers(t), realserver.Redis(t)
	sessions, cache := realserver.NewLink(t, s.maria.Address), realserver.NewLink(t, redis.Address)
	w := newWorld(t, func(c *config.Config) {
		s.use(c)
		c.Stores.Sessions.DSN = s.maria.DSNVia(sessions.Address, s.sessions)
		c.Stores.Cache.Addresses, c.Stores.Cache.TLS = []string{cache.Address}, "off"
	})
	doctor := w.as("doctor")
	feed := func(up string) func() bool {
		return func() bool { return w.metric("wardgate_revocation_feed_up") == up }
	}
	until(t, "the feed", feed("1"))
	cache.Cut()
	until(t, "the loss of Redis to be seen", feed("0"))
	for range 20 {
		doctor.get("/api/patients").is(http.StatusOK)
	}
	sessions.Cut()
	until(t, "the list to be too old", func() bool { return doctor.get("/api/patients").status == http.StatusServiceUnavailable })
	cache.Heal()
	for range 20 {
		doctor.get("/api/patients").denied(http.StatusServiceUnavailable, "revocation_unknown")
	}
	sessions.Heal()
	until(t, "work", func() bool { return doctor.get("/api/patients").status == http.StatusOK })
	until(t, "the feed again", feed("1"))
}
