package elastic_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
	"github.com/wardgate/wardgate/pip/signals/elastic"
)

// An index holds batches as Elasticsearch does, and answers the one search that
// asks for them.
type index struct {
	docs  []map[string]any
	fails int // the request that is not answered, counted from now
}

func (x *index) Perform(r *http.Request) (*http.Response, error) {
	body := []byte("{}")
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	said := map[string]any{}
	switch x.fails--; {
	case x.fails == 0:
		return nil, errors.New("no answer")
	case strings.HasPrefix(r.URL.Path, "/_bulk"):
		var items []any
		lines := bufio.NewScanner(bytes.NewReader(body))
		for lines.Scan() && lines.Scan() {
			var doc map[string]any
			if err := json.Unmarshal(lines.Bytes(), &doc); err != nil {
				return nil, err
			}
			x.docs = append(x.docs, doc)
			items = append(items, map[string]any{"index": map[string]any{"status": 201}})
		}
		said["items"] = items
	case strings.HasSuffix(r.URL.Path, "/_search"):
		hits, err := x.unread(body)
		if err != nil {
			return nil, err
		}
		said["hits"] = map[string]any{"hits": hits}
	}
	answer, err := json.Marshal(said)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(bytes.NewReader(answer))}, err
}

// unread takes the search at its word: what is excluded is not there.
func (x *index) unread(body []byte) ([]any, error) {
	type clause struct {
		Term struct {
			Origin struct{ Value string }
		}
		Range struct {
			Number struct{ Lte float64 }
			Newest struct{ Gt, Gte, Lt time.Time }
		}
	}
	var asked struct {
		Query struct {
			Bool struct {
				Filter  clause
				MustNot []struct{ Bool struct{ Filter []clause } } `json:"must_not"`
			}
		}
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return nil, err
	}
	var hits []any
	for _, doc := range x.docs {
		newest, err := time.Parse(time.RFC3339Nano, doc["newest"].(string))
		if err != nil {
			return nil, err
		}
		known := slices.ContainsFunc(asked.Query.Bool.MustNot, func(not struct{ Bool struct{ Filter []clause } }) bool {
			f := not.Bool.Filter
			return f[0].Term.Origin.Value == doc["origin"] && !newest.Before(f[1].Range.Newest.Gte) && newest.Before(f[1].Range.Newest.Lt) &&
				doc["number"].(float64) <= f[2].Range.Number.Lte
		})
		if !known && newest.After(asked.Query.Bool.Filter.Range.Newest.Gt) {
			hits = append(hits, map[string]any{"_source": doc})
		}
	}
	return hits, nil
}

// Whoever adds a batch has not therefore read those before it: an enforcement
// point elsewhere gives each of its batches to whichever decision point answers.
func TestAddingABatchHidesNoneBeforeIt(t *testing.T) {
	ctx, now := t.Context(), time.Now().UTC()
	slot := now.Truncate(signals.Slot)
	add := func(s *elastic.Store, number uint64) {
		t.Helper()
		who := signals.Who{Subject: "u-1"}
		if err := s.Add(ctx, signals.Batch{Origin: "door", Number: number, Tallies: []signals.Tally{{Who: who, Slot: slot, Counts: signals.Counts{Denials: 1}}}}); err != nil {
			t.Fatal(err)
		}
	}
	denials := func(s *elastic.Store, at time.Time) int {
		t.Helper()
		table, err := s.Counts(ctx, at)
		if err != nil {
			t.Fatal(err)
		}
		return table[signals.Who{Subject: "u-1"}].Denials
	}
	x := &index{fails: -1}
	one, two := elastic.New(x, "s"), elastic.New(x, "s")
	add(one, 1)
	add(two, 2)
	add(one, 3)
	for name, s := range map[string]*elastic.Store{"the first": one, "the second": two} {
		if got := denials(s, now); got != 3 {
			t.Errorf("%s decision point counts %d of 3", name, got)
		}
	}
	begun := elastic.New(x, "s")
	add(begun, 4)
	if got := denials(begun, now); got != 4 {
		t.Errorf("one that has just begun counts %d of 4", got)
	}
	// A clock that stepped back has everything read anew, and that breaks off.
	x.fails = 2
	if table, err := one.Counts(ctx, now.Add(-time.Minute)); err == nil {
		t.Errorf("got %v without an answer", table)
	}
	add(one, 5)
	if got := denials(one, now.Add(-time.Minute)); got != 5 {
		t.Errorf("after the clock stepped back it counts %d of 5", got)
	}
}
