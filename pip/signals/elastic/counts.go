package elastic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
)

// page is how many groups one answer has; a longer list is asked for in pages.
const page = 4000

// precision is up to how many distinct members a count is as good as exact.
const precision = 1000

// A group is what one answer says of one key.
type group struct {
	Key struct {
		Who     string `json:"who"`
		Hour    int64  `json:"hour"` // milliseconds
		Country string `json:"country"`
	} `json:"key"`
	Sums struct {
		Requests struct{ Value float64 } `json:"requests"`
	} `json:"minute"`
	Patients figure `json:"patients"`
	Accounts figure `json:"accounts"`
	External struct {
		Buckets []struct {
			Key    string
			Events figure
		}
	} `json:"external"`

	Denials      figure `json:"denials"`
	Right        figure `json:"right"`
	Relationship figure `json:"relationship"`
	Credential   figure `json:"credential"`
	Device       figure `json:"device"`
	Predictions  figure `json:"predictions"`
	OffHours     figure `json:"off_hours"`
	FailedLogIns figure `json:"failed_log_ins"`
	Nameless     figure `json:"nameless"`
	NewDevice    figure `json:"new_device"`
	NewCountry   figure `json:"new_country"`
	Travel       figure `json:"impossible_travel"`
}

type figure struct{ Value float64 }

func (f figure) n() int { return int(f.Value) }

// Counts asks one aggregation for everybody who was active.
func (s *Store) Counts(ctx context.Context, now time.Time) (map[signals.Who]pip.Signals, error) {
	sub := object{
		"minute": object{
			"filter": object{"range": object{"slot": object{"gt": signals.Since(now, signals.Minute)}}},
			"aggs":   object{"requests": object{"sum": object{"field": "requests"}}},
		},
		"patients": distinct("patients"),
		"accounts": distinct("accounts"),
		"external": object{
			"terms": object{"field": "external_kind", "size": 100},
			"aggs":  object{"events": object{"sum": object{"field": "external_events"}}},
		},
	}
	for _, name := range summed {
		sub[name] = object{"sum": object{"field": name}}
	}
	table := map[signals.Who]pip.Signals{}
	err := s.groups(ctx, search{
		filter: object{"range": object{"slot": object{"gt": signals.Since(now, signals.Window)}}},
		by:     []any{object{"who": object{"terms": object{"field": "who"}}}},
		sub:    sub,
	}, func(g *group) { table[whoOf(g.Key.Who)] = g.signals() })
	if err != nil {
		return nil, fmt.Errorf("count signals: %w", err)
	}
	return table, nil
}

func distinct(field string) object {
	return object{"cardinality": object{"field": field, "precision_threshold": precision}}
}

func (g *group) signals() pip.Signals {
	out := pip.Signals{
		Requests: int(g.Sums.Requests.Value), Denials: g.Denials.n(), Predictions: g.Predictions.n(), OffHours: g.OffHours.n(),
		FailedLogIns: g.FailedLogIns.n(), SprayedAccounts: g.Nameless.n() + g.Accounts.n(), Patients: g.Patients.n(),
		NewDevice: g.NewDevice.n() > 0, NewCountry: g.NewCountry.n() > 0, ImpossibleTravel: g.Travel.n() > 0,
	}
	k := &out.DenialsByKind
	k.Right, k.Relationship, k.Credential, k.Device = g.Right.n(), g.Relationship.n(), g.Credential.n(), g.Device.n()
	k.Other = out.Denials - k.Right - k.Relationship - k.Credential - k.Device
	for _, b := range g.External.Buckets {
		if out.External == nil {
			out.External = map[string]int{}
		}
		out.External[b.Key] = b.Events.n()
	}
	return out
}

// Habits asks for the distinct patients of every whole hour, and for the
// countries of log-ins, over everybody's remembered time.
func (s *Store) Habits(ctx context.Context, now time.Time) (map[string]signals.Habit, error) {
	begin := now.Add(-signals.Remembered)
	who := object{"who": object{"terms": object{"field": "who"}}}
	hours := map[string][]int{}
	err := s.groups(ctx, search{
		filter: object{"bool": object{"filter": []any{
			object{"range": object{"slot": object{"gte": begin, "lt": now.UTC().Truncate(time.Hour)}}},
			object{"exists": object{"field": "patients"}},
		}}},
		by:  []any{who, object{"hour": object{"date_histogram": object{"field": "slot", "fixed_interval": "1h"}}}},
		sub: object{"patients": distinct("patients")},
	}, func(g *group) {
		subject := whoOf(g.Key.Who).Subject
		hours[subject] = append(hours[subject], g.Patients.n())
	})
	if err != nil {
		return nil, fmt.Errorf("read habits: %w", err)
	}
	habits := map[string]signals.Habit{}
	for subject, counts := range hours {
		slices.Sort(counts)
		if usual := signals.Percentile(counts); usual > 0 {
			habits[subject] = signals.Habit{Patients: usual}
		}
	}
	err = s.groups(ctx, search{
		filter: object{"range": object{"slot": object{"gte": begin}}},
		by:     []any{who, object{"country": object{"terms": object{"field": "countries"}}}},
	}, func(g *group) {
		subject := whoOf(g.Key.Who).Subject
		h := habits[subject]
		h.Countries = append(h.Countries, g.Key.Country) // they come sorted
		habits[subject] = h
	})
	if err != nil {
		return nil, fmt.Errorf("read habits: %w", err)
	}
	delete(habits, "")
	return habits, nil
}

// A search groups documents by a composite key.
type search struct {
	filter object
	by     []any
	sub    object
}

// errPartial says that not every shard has answered. Counts that lack some of
// the documents would read as low.
var errPartial = errors.New("not all of the index has answered")

func (s *Store) groups(ctx context.Context, q search, each func(*group)) error {
	composite := object{"size": page, "sources": q.by}
	for {
		aggregation := object{"composite": composite}
		if q.sub != nil {
			aggregation["aggs"] = q.sub
		}
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
			"size": 0, "track_total_hits": false, "query": object{"bool": object{"filter": q.filter}},
			"aggs": object{"groups": aggregation},
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
