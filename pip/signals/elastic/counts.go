package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
)

// batches is how many batches one answer has. A process that begins reads a
// window of them, in as many answers as it takes.
const batches = 10

// Counts reads what other processes have added since it was called last. What
// was read before an error stays read, so that a store which begins against a
// full window comes to its end in several attempts.
func (s *Store) Counts(ctx context.Context, now time.Time) (map[signals.Who]pip.Signals, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	for {
		if err := s.read(ctx, now); err != nil {
			return nil, fmt.Errorf("count signals: %w", err)
		}
		s.mu.Lock()
		table, whole := s.log.ledger.Counts(now)
		if whole {
			s.log.forget(signals.Since(now, signals.Window))
		} else {
			s.log = log{} // the clock stepped back, before what is remembered
		}
		s.mu.Unlock()
		if whole {
			return table, nil
		}
	}
}

// errPartial says that not every shard has answered. Counts that lack some of
// the documents would read as low.
var errPartial = errors.New("not all of the index has answered")

// errNoProgress says that the answer tells again of what was read.
var errNoProgress = errors.New("elasticsearch answers with what it was not asked for")

func (s *Store) read(ctx context.Context, now time.Time) error {
	for {
		var answer struct {
			TimedOut bool `json:"timed_out"`
			Shards   struct {
				Failed int `json:"failed"`
			} `json:"_shards"`
			Hits struct {
				Hits []struct {
					Source batch `json:"_source"`
				} `json:"hits"`
			} `json:"hits"`
		}
		path := "/" + s.days(now) + "/_search?ignore_unavailable=true&allow_partial_search_results=false&request_cache=false"
		if err := s.ask(ctx, http.MethodPost, path, s.unread(now), &answer); err != nil {
			return err
		}
		if answer.TimedOut || answer.Shards.Failed > 0 {
			return errPartial
		}
		if err := s.takeAll(len(answer.Hits.Hits), func(i int) *batch { return &answer.Hits.Hits[i].Source }); err != nil {
			return err
		}
		if len(answer.Hits.Hits) < batches {
			return nil
		}
	}
}

func (s *Store) takeAll(n int, hit func(int) *batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	progress := n == 0
	for i := range n {
		b := hit(i)
		if b.Origin == "" || b.Number == 0 {
			return errNoBatch
		}
		progress = s.log.take(b) || progress
	}
	if !progress && n == batches {
		return errNoProgress
	}
	return nil
}

// days are the indices in which batches of the window can be: those of its
// days, and of the next for a clock that is ahead.
func (s *Store) days(now time.Time) string {
	var names []string
	for _, at := range []time.Time{now.Add(-signals.Window - signals.Slot), now, now.Add(signals.Window)} {
		if name := s.index(at); len(names) == 0 || names[len(names)-1] != name {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}

// unread asks for the oldest batches in the window that were not read, each
// origin's in order: whatever is read, nothing before it is missing.
func (s *Store) unread(now time.Time) object {
	s.mu.Lock()
	defer s.mu.Unlock()
	var known []any
	for of, at := range s.log.marks {
		begin, err := time.Parse(day, of.day)
		if err != nil {
			continue // it was formatted by the same text
		}
		known = append(known, object{"bool": object{"filter": []any{
			object{"term": object{"origin": object{"value": of.origin}}},
			object{"range": object{"newest": object{"gte": begin, "lt": begin.AddDate(0, 0, 1)}}},
			object{"range": object{"number": object{"lte": at.number}}},
		}}})
	}
	return object{
		"size": batches, "track_total_hits": false,
		"query": object{"bool": object{
			"filter":   object{"range": object{"newest": object{"gt": signals.Since(now, signals.Window)}}},
			"must_not": known,
		}},
		"sort": []any{object{"origin": "asc"}, object{"number": "asc"}},
	}
}
