package elastic_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
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
		"a failed shard": {status: 200, body: `{"timed_out":false,"_shards":{"failed":1},"hits":{"hits":[]},"aggregations":{"groups":{"buckets":[]}}}`},
		"timed out":      {status: 200, body: `{"timed_out":true,"_shards":{"failed":0},"hits":{"hits":[]},"aggregations":{"groups":{"buckets":[]}}}`},
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
		"created":          {says{status: 200, body: `{"items":[{"index":{"status":201}}]}`}, false},
		"there before":     {says{status: 200, body: `{"items":[{"index":{"status":200}}]}`}, false},
		"a full queue":     {says{status: 200, body: `{"items":[{"index":{"status":429}}]}`}, true},
		"half is told":     {says{status: 200, body: `{"items":[{"index":{"status":201}},{"index":{"status":201}}]}`}, true},
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

// pages answers each search with the next text, and then with an outage.
type pages struct {
	each  []string
	asked []string
}

func (p *pages) Perform(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	p.asked = append(p.asked, string(body))
	status, text := http.StatusServiceUnavailable, "{}"
	if len(p.each) > 0 {
		status, text, p.each = http.StatusOK, p.each[0], p.each[1:]
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text))}, nil
}

func read(batches ...string) string {
	for i := range batches {
		batches[i] = `{"_source":` + batches[i] + `}`
	}
	return `{"timed_out":false,"_shards":{"failed":0},"hits":{"hits":[` + strings.Join(batches, ",") + `]}}`
}

func batchOf(origin string, number int) string {
	return fmt.Sprintf(`{"origin":%q,"number":%d,"newest":%q,"tallies":[{"w":"s u-1","t":%d,"n":[1]}]}`,
		origin, number, noon.Format(time.RFC3339), noon.Unix())
}

// A window that is too long to be read at once is read in several attempts,
// and nothing is told before it was read whole.
func TestReadingGoesOnWhereItWasBrokenOff(t *testing.T) {
	var first []string
	for n := range 10 {
		first = append(first, batchOf("a", n+1))
	}
	p := &pages{each: []string{read(first...)}}
	s := elastic.New(p, "x")
	if got, err := s.Counts(t.Context(), noon); err == nil {
		t.Fatalf("got %v of a window that was not read whole", got)
	}
	p.each = []string{read(batchOf("a", 11), batchOf("b", 1))}
	got, err := s.Counts(t.Context(), noon)
	if who := (signals.Who{Subject: "u-1"}); err != nil || got[who].Requests != 12 {
		t.Errorf("got %+v, %v, want 12 requests", got, err)
	}
	if last := p.asked[len(p.asked)-1]; !strings.Contains(last, `"must_not":[`) || !strings.Contains(last, `{"lte":10}`) {
		t.Errorf("got %s, want what was read left out", last)
	}
}

// An index in which somebody else writes, or a server that repeats itself, is
// an error: neither is ever read to its end.
func TestWhatIsNoBatchIsNotCounted(t *testing.T) {
	ten := func(one string) string { return read(slices.Repeat([]string{one}, 10)...) }
	for name, each := range map[string][]string{
		"no origin":     {read(`{"number":1,"newest":"2026-03-02T12:00:00Z"}`)},
		"no number":     {read(`{"origin":"a","newest":"2026-03-02T12:00:00Z"}`)},
		"again, always": {ten(batchOf("a", 1)), ten(batchOf("a", 1)), ten(batchOf("a", 1))},
		"no tallies":    {read(`{"origin":"a","number":1,"newest":"2026-03-02T12:00:00Z","tallies":"many"}`)},
	} {
		p := &pages{each: each}
		if got, err := elastic.New(p, "x").Counts(t.Context(), noon); err == nil || len(p.asked) > 2 {
			t.Errorf("%s: got %v, %v after %d requests, want an error", name, got, err, len(p.asked))
		}
	}
}
