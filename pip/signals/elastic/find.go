package elastic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
)

// A question is one search: how many events of a report each value of a field
// has. Events that name a person in an earlier way are left out: an event is
// about one person.
type question struct {
	report  *Report
	by      signals.By
	earlier []string
	after   object
	counts  map[string]int
}

func (q *question) field() string { return q.report.About[q.by] }

func (r *Reported) questions() []*question {
	var all []*question
	for i := range r.reports {
		one := &r.reports[i]
		var earlier []string
		for _, by := range append(signals.Persons(), signals.ByAddress) {
			if one.About[by] == "" {
				continue
			}
			q := &question{report: one, by: by, counts: map[string]int{}}
			if by != signals.ByAddress {
				q.earlier = slices.Clone(earlier)
				earlier = append(earlier, one.About[by])
			}
			all = append(all, q)
		}
	}
	return all
}

// A found is Elasticsearch's answer to one question.
type found struct {
	Status   int  `json:"status"`
	TimedOut bool `json:"timed_out"`
	Shards   struct {
		Failed int `json:"failed"`
	} `json:"_shards"`
	Clusters struct {
		Total      int `json:"total"`
		Successful int `json:"successful"`
	} `json:"_clusters"`
	Aggregations struct {
		Names struct {
			AfterKey object `json:"after_key"`
			Buckets  []struct {
				Key struct {
					Name any `json:"name"`
				} `json:"key"`
				Count int `json:"doc_count"`
			} `json:"buckets"`
		} `json:"names"`
	} `json:"aggregations"`
}

// find asks all questions in one request, and for further pages of those
// answers that have them.
func (r *Reported) find(ctx context.Context, now time.Time) ([]*question, error) {
	all := r.questions()
	for open := slices.Clone(all); len(open) > 0; {
		answers, err := r.search(ctx, open, now)
		if err != nil {
			return nil, err
		}
		var more []*question
		for i, q := range open {
			if err := q.take(&answers[i]); err != nil {
				return nil, fmt.Errorf("%s in %s: %w", q.report.Name, q.report.Index, err)
			}
			if q.after != nil {
				more = append(more, q)
			}
		}
		open = more
	}
	return all, nil
}

func (r *Reported) search(ctx context.Context, open []*question, now time.Time) ([]found, error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	for _, q := range open {
		header := object{
			"index": q.report.Index, "allow_no_indices": false, "ignore_unavailable": false,
			"allow_partial_search_results": false, "request_cache": false,
		}
		if err := errors.Join(e.Encode(header), e.Encode(q.document(now))); err != nil {
			return nil, err
		}
	}
	var answer struct {
		Responses []found `json:"responses"`
	}
	if err := send(ctx, r.client, http.MethodPost, "/_msearch", &body, &answer); err != nil {
		return nil, err
	}
	if len(answer.Responses) != len(open) {
		return nil, fmt.Errorf("%d searches got %d answers", len(open), len(answer.Responses))
	}
	return answer.Responses, nil
}

// document is the search. Wardgate's own records are no other system's report,
// however wide the pattern of indices is.
func (q *question) document(now time.Time) object {
	filter := []any{object{"range": object{q.report.time(): object{"gt": signals.Since(now, signals.Window)}}}}
	for field, value := range q.report.When {
		filter = append(filter, object{"term": object{field: object{"value": value}}})
	}
	without := []any{object{"term": object{"event.dataset": object{"value": "wardgate.audit"}}}}
	for _, field := range q.earlier {
		without = append(without, object{"exists": object{"field": field}})
	}
	composite := object{"size": page, "sources": []any{object{"name": object{"terms": object{"field": q.field()}}}}}
	if q.after != nil {
		composite["after"] = q.after
	}
	return object{
		"size": 0, "track_total_hits": false,
		"query": object{"bool": object{
			"filter":   filter,
			"must_not": without,
		}},
		"aggs": object{"names": object{"composite": composite}},
	}
}

func (r *Report) time() string {
	if r.Time == "" {
		return "@timestamp"
	}
	return r.Time
}

// take adds one page of an answer.
func (q *question) take(f *found) error {
	if f.Status != http.StatusOK {
		return fmt.Errorf("elasticsearch answered with status %d", f.Status)
	}
	if f.TimedOut || f.Shards.Failed > 0 || f.Clusters.Successful < f.Clusters.Total {
		return errPartial
	}
	names := &f.Aggregations.Names
	for _, b := range names.Buckets {
		value, ok := b.Key.Name.(string)
		if !ok {
			return fmt.Errorf("field %s: expected texts", q.field())
		}
		q.counts[value] += b.Count
	}
	if len(q.counts) > maxWho {
		return fmt.Errorf("field %s has more than %d values in the window", q.field(), maxWho)
	}
	q.after = nil
	if len(names.Buckets) == page {
		q.after = names.AfterKey
	}
	return nil
}

// A capability is what Elasticsearch knows of a field of one type.
type capability struct {
	Searchable   bool `json:"searchable"`
	Aggregatable bool `json:"aggregatable"`
}

// A need is a field and what it has to be good for.
type need struct {
	field  string
	serves func(kind string, c capability) bool
}

func (r *Report) needs() []need {
	all := []need{{r.time(), isDate}}
	for field := range r.When {
		all = append(all, need{field, isWhole})
	}
	for _, field := range r.About {
		all = append(all, need{field, isName})
	}
	return all
}

// examine refuses reports whose fields no index has, or has in a form that is
// not compared as a whole: they would count nothing for ever.
func (r *Reported) examine(ctx context.Context) error {
	var faults []error
	for i := range r.reports {
		one := &r.reports[i]
		if err := r.examineOne(ctx, one); err != nil {
			faults = append(faults, fmt.Errorf("%s in %s: %w", one.Name, one.Index, err))
		}
	}
	return errors.Join(faults...)
}

func (r *Reported) examineOne(ctx context.Context, one *Report) error {
	needs := one.needs()
	fields := make([]string, len(needs))
	for i, n := range needs {
		fields[i] = n.field
	}
	var answer struct {
		Fields map[string]map[string]capability `json:"fields"`
	}
	path := "/" + url.PathEscape(one.Index) + "/_field_caps?allow_no_indices=false&fields=" + url.QueryEscape(strings.Join(fields, ","))
	if err := send(ctx, r.client, http.MethodGet, path, nil, &answer); err != nil {
		return err
	}
	var faults []error
	for _, n := range needs {
		if len(answer.Fields[n.field]) == 0 {
			faults = append(faults, fmt.Errorf("no index has the field %s", n.field))
		}
		for kind, c := range answer.Fields[n.field] {
			if !n.serves(kind, c) {
				faults = append(faults, fmt.Errorf("the field %s is a %s, which does not serve here", n.field, kind))
			}
		}
	}
	return errors.Join(faults...)
}

func isDate(kind string, _ capability) bool { return kind == "date" || kind == "date_nanos" }

// isWhole is true of what is compared as a whole, and not by its words.
func isWhole(kind string, c capability) bool {
	return c.Searchable && kind != "text" && kind != "match_only_text"
}

// isName is true of what a composite key tells apart, as texts.
func isName(kind string, c capability) bool {
	return c.Aggregatable && (kind == "keyword" || kind == "ip")
}
