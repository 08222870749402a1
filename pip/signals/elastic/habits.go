package elastic

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
)

const (
	// page is how many groups one answer has; a longer list is asked for in pages.
	page = 4000
	// precision is up to how many distinct members a count is as good as exact.
	precision = 1000
	// settles is how long after its end an hour may still grow: a batch is given
	// up when it has left the window.
	settles = time.Hour
	// stretch is how many hours are asked for at once.
	stretch = 24 * time.Hour
)

// A memory is what the hours that have settled held.
type memory struct {
	from, upTo time.Time // those hours; both zero for none
	habits     map[string]*hoursOf
}

// hoursOf is what one subject did in hours.
type hoursOf struct {
	read      []readHour
	countries map[string]time.Time // the newest hour of a log-in from there
}

// A readHour is how many patients were in the answers of an hour.
type readHour struct {
	hour     int32 // since 1970
	patients int32
}

// Habits asks for the distinct patients and the countries of each hour, over
// everybody's remembered time, once for each hour that has settled. What was
// read before an error stays read.
func (s *Store) Habits(ctx context.Context, now time.Time) (map[string]signals.Habit, error) {
	s.remembering.Lock()
	defer s.remembering.Unlock()
	this := now.UTC().Truncate(time.Hour)
	begin, settled := now.Add(-signals.Remembered).UTC().Truncate(time.Hour), this.Add(-settles)
	m := &s.hours
	if m.habits == nil || begin.Before(m.from) || settled.Before(m.upTo) {
		*m = memory{from: begin, upTo: begin, habits: map[string]*hoursOf{}}
	}
	for m.upTo.Before(settled) {
		end := m.upTo.Add(stretch)
		if end.After(settled) {
			end = settled
		}
		found := map[string]*hoursOf{}
		if err := s.between(ctx, m.upTo, end, found); err != nil {
			return nil, fmt.Errorf("read habits: %w", err)
		}
		for subject, hours := range found {
			m.add(subject, hours)
		}
		m.upTo = end
	}
	m.forget(begin)
	recent := map[string]*hoursOf{}
	if err := s.between(ctx, settled, time.Time{}, recent); err != nil {
		return nil, fmt.Errorf("read habits: %w", err)
	}
	return m.with(recent, this), nil
}

func (m *memory) add(subject string, more *hoursOf) {
	of := m.habits[subject]
	if of == nil {
		m.habits[subject] = more
		return
	}
	of.read = append(of.read, more.read...)
	for country, hour := range more.countries {
		of.saw(country, hour)
	}
}

func (o *hoursOf) saw(country string, hour time.Time) {
	if o.countries == nil {
		o.countries = map[string]time.Time{}
	}
	if hour.After(o.countries[country]) {
		o.countries[country] = hour
	}
}

// forget drops the hours before begin.
func (m *memory) forget(begin time.Time) {
	m.from = begin
	for subject, of := range m.habits {
		of.read = slices.DeleteFunc(of.read, func(r readHour) bool { return r.hour < hourOf(begin) })
		maps.DeleteFunc(of.countries, func(_ string, hour time.Time) bool { return hour.Before(begin) })
		if len(of.read)+len(of.countries) == 0 {
			delete(m.habits, subject)
		}
	}
}

// with is what is usual by all hours: those before this one for patients, and
// this one too for countries.
func (m *memory) with(recent map[string]*hoursOf, this time.Time) map[string]signals.Habit {
	habits := make(map[string]signals.Habit, len(m.habits))
	subjects := maps.Clone(m.habits)
	maps.Copy(subjects, recent)
	for subject := range subjects {
		var counts []int
		countries := map[string]struct{}{}
		for _, of := range []*hoursOf{m.habits[subject], recent[subject]} {
			if of == nil {
				continue
			}
			for _, r := range of.read {
				if r.hour < hourOf(this) {
					counts = append(counts, int(r.patients))
				}
			}
			for country := range of.countries {
				countries[country] = struct{}{}
			}
		}
		slices.Sort(counts)
		h := signals.Habit{Patients: signals.Percentile(counts)}
		if len(countries) > 0 {
			h.Countries = slices.Sorted(maps.Keys(countries))
		}
		if h.Patients > 0 || len(h.Countries) > 0 {
			habits[subject] = h
		}
	}
	return habits
}

func hourOf(t time.Time) int32 { return int32(t.Unix() / int64(time.Hour/time.Second)) }

// between adds what the hours from begin up to end held, or up to now for a
// zero end.
func (s *Store) between(ctx context.Context, begin, end time.Time, found map[string]*hoursOf) error {
	bounds := object{"gte": begin}
	if !end.IsZero() {
		bounds["lt"] = end
	}
	return s.groups(ctx, object{"bool": object{
		"filter":               object{"range": object{"slot": bounds}},
		"should":               []any{object{"exists": object{"field": "patients"}}, object{"exists": object{"field": "countries"}}},
		"minimum_should_match": 1,
	}}, func(g *group) {
		subject := whoOf(g.Key.Who).Subject
		if subject == "" {
			return
		}
		if found[subject] == nil {
			found[subject] = &hoursOf{}
		}
		hour := time.UnixMilli(g.Key.Hour).UTC()
		if n := int32(g.Patients.Value); n > 0 {
			found[subject].read = append(found[subject].read, readHour{hour: hourOf(hour), patients: n})
		}
		for _, c := range g.Countries.Buckets {
			found[subject].saw(c.Key, hour)
		}
	})
}

// A group is what one answer says of one subject's hour.
type group struct {
	Key struct {
		Who  string `json:"who"`
		Hour int64  `json:"hour"` // milliseconds
	} `json:"key"`
	Patients struct {
		Value float64 `json:"value"`
	} `json:"patients"`
	Countries struct {
		Buckets []struct {
			Key string `json:"key"`
		} `json:"buckets"`
	} `json:"countries"`
}

func (s *Store) groups(ctx context.Context, query object, each func(*group)) error {
	composite := object{"size": page, "sources": []any{
		object{"who": object{"terms": object{"field": "who"}}},
		object{"hour": object{"date_histogram": object{"field": "slot", "fixed_interval": "1h"}}},
	}}
	for {
		var answer struct {
			TimedOut bool `json:"timed_out"`
			Shards   struct {
				Failed int `json:"failed"`
			} `json:"_shards"`
			Aggregations struct {
				Groups struct {
					AfterKey object  `json:"after_key"`
					Buckets  []group `json:"buckets"`
				} `json:"groups"`
			} `json:"aggregations"`
		}
		err := s.ask(ctx, http.MethodPost, "/"+s.prefix+"-*/_search?allow_partial_search_results=false&request_cache=false", object{
			"size": 0, "track_total_hits": false, "query": query,
			"aggs": object{"groups": object{"composite": composite, "aggs": object{
				"patients":  object{"cardinality": object{"field": "patients", "precision_threshold": precision}},
				"countries": object{"terms": object{"field": "countries", "size": 250}},
			}}},
		}, &answer)
		if err != nil {
			return err
		}
		if answer.TimedOut || answer.Shards.Failed > 0 {
			return errPartial
		}
		found := &answer.Aggregations.Groups
		for i := range found.Buckets {
			each(&found.Buckets[i])
		}
		if len(found.Buckets) < page || found.AfterKey == nil {
			return nil
		}
		composite["after"] = found.AfterKey
	}
}
