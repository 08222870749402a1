package elastic_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
	"github.com/wardgate/wardgate/pip/signals/elastic"
)

// says is a server that gives one answer to everything.
type says struct {
	status int
	body   string
	paths  []string
}

func (s *says) Perform(r *http.Request) (*http.Response, error) {
	s.paths = append(s.paths, r.Method+" "+r.URL.Path)
	return &http.Response{StatusCode: s.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(s.body))}, nil
}

// An answer that does not count everything is no answer: a count that is too
// low would pass for good behaviour.
func TestHalfAnAnswerIsNone(t *testing.T) {
	for name, s := range map[string]*says{
		"a failed shard": {status: 200, body: `{"timed_out":false,"_shards":{"failed":1},"aggregations":{"groups":{"buckets":[]}}}`},
		"timed out":      {status: 200, body: `{"timed_out":true,"_shards":{"failed":0},"aggregations":{"groups":{"buckets":[]}}}`},
		"overload":       {status: 429, body: `{}`},
		"a page":         {status: 200, body: `<html>`},
	} {
		if got, err := elastic.New(s, "x").Counts(t.Context(), time.Now()); err == nil {
			t.Errorf("%s: got %v and no error", name, got)
		}
		if got, err := elastic.New(s, "x").Habits(t.Context(), time.Now()); err == nil {
			t.Errorf("%s: got habits %v and no error", name, got)
		}
	}
}

func TestAddNeedsEveryDocument(t *testing.T) {
	batch := signals.Batch{Origin: "a", Number: 1, Tallies: []signals.Tally{{Who: signals.Who{Subject: "u-1"}, Slot: time.Now()}}}
	for name, tt := range map[string]struct {
		server says
		fails  bool
	}{
		"created":          {says{status: 200, body: `{"items":[{"create":{"status":201}}]}`}, false},
		"there before":     {says{status: 200, body: `{"items":[{"create":{"status":409}}]}`}, false},
		"a full queue":     {says{status: 200, body: `{"items":[{"create":{"status":429}}]}`}, true},
		"nothing is told":  {says{status: 200, body: `{}`}, true},
		"not its business": {says{status: 403, body: `{}`}, true},
	} {
		if err := elastic.New(&tt.server, "x").Add(t.Context(), batch); (err != nil) != tt.fails {
			t.Errorf("%s: got %v", name, err)
		}
	}
	silent := &says{status: 500}
	if err := elastic.New(silent, "x").Add(t.Context(), signals.Batch{Origin: "a", Number: 1}); err != nil || len(silent.paths) > 0 {
		t.Errorf("an empty batch: got %v after %v", err, silent.paths)
	}
}

// Only indices of days that nobody remembers are removed, and nothing that
// merely begins alike.
func TestSweepRemovesOldDaysOnly(t *testing.T) {
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	s := &says{status: 200, body: `{"x-2026.03.30":{},"x-2026.03.02":{},"x-2026.02.01":{},"x-other":{},"x-2026.02.01-copy":{}}`}
	if err := elastic.New(s, "x").Sweep(t.Context(), now); err != nil {
		t.Fatal(err)
	}
	if len(s.paths) != 2 || s.paths[1] != "DELETE /x-2026.02.01" {
		t.Errorf("got %v, want the one old index removed", s.paths)
	}
}
