//go:build integration

package outages_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/internal/e2e/rig"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
)

// The same drill as with the embedded Redis.
func TestNeitherTheRealRedisNorTheAuthorityAnswers(t *testing.T) {
	newFarHouse(t, realserver.Redis(t).Address, lettingNobodyRead(t)).goesBlindAndComesBack(t)
}

// The same drill as with the embedded search engine.
func TestRealSearchEngineIsOutOfReach(t *testing.T) {
	s := realserver.Elasticsearch(t)
	rig.MakeStream(t, s)
	before := documents(t, s)
	searchDrill{
		link:      realserver.NewLink(t, strings.TrimPrefix(s.URL, "http://")),
		documents: func() int { return documents(t, s) - before },
	}.run(t)
}

// documents counts the journal's records in the search engine, behind the
// process's back. Before the first there is no stream.
func documents(t *testing.T, s *realserver.ElasticsearchServer) int {
	t.Helper()
	if status, _ := rig.AskEngine(t, s, http.MethodPost, "/"+elastic.DefaultStream+"/_refresh", ""); status == http.StatusNotFound {
		return 0
	}
	status, said := rig.AskEngine(t, s, http.MethodGet, "/"+elastic.DefaultStream+"/_count", "")
	var found struct{ Count int }
	if err := json.Unmarshal(said, &found); status != http.StatusOK || err != nil {
		t.Fatalf("count: %d %s, %v", status, said, err)
	}
	return found.Count
}

// One process with its databases on servers. Redis alone goes, and nobody
// notices; the database of the sessions goes too, and nobody is let in, though
// all else that a decision needs is there. Redis coming back helps nobody: its
// copy is believed only while somebody keeps it in step with the database.
func TestRealRedisAndSessionsAreGone(t *testing.T) {
	s, redis := rig.RealServers(t), realserver.Redis(t)
	sessions, cache := realserver.NewLink(t, s.Maria.Address), realserver.NewLink(t, redis.Address)
	book := lettingNobodyRead(t)
	w := rig.New(t, func(c *config.Config) {
		s.Use(c)
		c.Policies = book
		c.Stores.Sessions.DSN = s.Maria.DSNVia(sessions.Address, s.Sessions)
		c.Stores.Cache.Addresses, c.Stores.Cache.TLS = []string{cache.Address}, "off"
	})
	doctor := w.As("doctor")
	feed := func(up string) func() bool {
		return func() bool { return w.Metric("wardgate_revocation_feed_up") == up }
	}
	rig.Until(t, "the feed", feed("1"))
	cache.Cut()
	rig.Until(t, "the loss of Redis to be seen", feed("0"))
	for range 20 {
		doctor.Get("/api/patients").Is(http.StatusOK)
	}
	sessions.Cut()
	rig.Until(t, "the list to be too old", func() bool { return doctor.Get("/api/patients").Status == http.StatusServiceUnavailable })
	cache.Heal()
	for range 20 {
		doctor.Get("/api/patients").Denied(http.StatusServiceUnavailable, "revocation_unknown")
	}
	sessions.Heal()
	rig.Until(t, "work", func() bool { return doctor.Get("/api/patients").Status == http.StatusOK })
	rig.Until(t, "the feed again", feed("1"))
}
