package elastic_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
	"github.com/wardgate/wardgate/pip/signals/elastic"
)

const osei = "0190a000-0000-7000-8000-000000000001"

// register has one account, and counts what it is asked.
type register struct {
	asked [][]string
	err   error
}

func (r *register) Named(_ context.Context, by signals.By, values []string) (map[string]string, error) {
	r.asked = append(r.asked, slices.Sorted(slices.Values(values)))
	if by == signals.ByEmail {
		return map[string]string{"dr.osei@hospital.test": osei}, r.err
	}
	return map[string]string{"dr.osei": osei}, r.err
}

// script answers each request with the next text for its path.
type script struct {
	search []string // answers to _msearch; the last again and again
	caps   string
	status int
	asked  []string // bodies of _msearch
}

const fits = `{"fields":{"@timestamp":{"date":{"searchable":true,"aggregatable":true}},` +
	`"event.kind":{"keyword":{"searchable":true,"aggregatable":true}},` +
	`"user.name":{"keyword":{"searchable":true,"aggregatable":true}},` +
	`"user.id":{"keyword":{"searchable":true,"aggregatable":true}},` +
	`"user.email":{"keyword":{"searchable":true,"aggregatable":true}},` +
	`"source.ip":{"ip":{"searchable":true,"aggregatable":true}}}}`

func (s *script) Perform(r *http.Request) (*http.Response, error) {
	body := s.caps
	if r.URL.Path == "/_msearch" {
		raw, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		s.asked = append(s.asked, string(raw))
		body = s.search[min(len(s.asked), len(s.search))-1]
	}
	return &http.Response{StatusCode: max(s.status, 200), Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
}

func answers(each ...string) string { return `{"responses":[` + strings.Join(each, ",") + `]}` }

func hits(buckets ...string) string {
	return `{"status":200,"timed_out":false,"_shards":{"failed":0},"aggregations":{"names":{"buckets":[` + strings.Join(buckets, ",") + `]}}}`
}

func bucket(name, n string) string { return `{"key":{"name":"` + name + `"},"doc_count":` + n + `}` }

func malware(change func(*elastic.Report)) elastic.Report {
	r := elastic.Report{Index: "logs-edr-*", Report: signals.Report{
		Name: "edr", Kind: "malware", When: map[string]string{"event.kind": "alert"}, About: map[signals.By]string{signals.ByUsername: "user.name"},
	}}
	if change != nil {
		change(&r)
	}
	return r
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// What is about nobody of ours counts for nobody; all else is added to what
// the store has, for the account and for the address.
func TestReportsAreCounted(t *testing.T) {
	store := &signals.Memory{}
	tally := signals.Tally{Who: signals.Who{Subject: osei}, Slot: noon}
	tally.Requests, tally.External = 3, map[string]int{"malware": 1, "other": 4}
	if err := store.Add(t.Context(), signals.Batch{Origin: "a", Number: 1, Tallies: []signals.Tally{tally}}); err != nil {
		t.Fatal(err)
	}
	s := &script{caps: fits, search: []string{answers(
		hits(bucket("Dr.Osei", "2"), bucket("dr.osei", "1"), bucket("visitor", "7"), bucket(strings.Repeat("x", 65), "1")),
		hits(bucket("192.0.2.7", "2"), bucket("::ffff:192.0.2.7", "1"), bucket("nowhere", "5")),
		hits(bucket(osei, "5"), bucket("u-1", "5"), bucket(strings.ToUpper(osei), "5")),
		hits(bucket("Dr.Osei@Hospital.test", "2"), bucket("nobody@hospital.test", "9"), bucket("dr.osei", "9")),
	)}}
	reports := []elastic.Report{
		malware(func(r *elastic.Report) { r.About[signals.ByAddress] = "source.ip" }),
		malware(func(r *elastic.Report) {
			r.Kind, r.About = "failed_log_in", map[signals.By]string{signals.ByAccount: "user.id", signals.ByEmail: "user.email"}
		}),
	}
	names := &register{}
	reported := elastic.NewReported(store, s, names, reports)
	got, err := reported.Counts(t.Context(), noon)
	if err != nil {
		t.Fatal(err)
	}
	doctor := got[signals.Who{Subject: osei}]
	if want := map[string]int{"malware": 4, "other": 4, "failed_log_in": 7}; doctor.Requests != 3 || !maps.Equal(doctor.External, want) {
		t.Errorf("got %d requests and %v, want 3 and %v", doctor.Requests, doctor.External, want)
	}
	if there := got[signals.Who{Address: "192.0.2.7"}].External; !maps.Equal(there, map[string]int{"malware": 3}) || len(got) != 2 {
		t.Errorf("got %v for the address among %v", there, got)
	}
	if len(s.asked) != 1 || strings.Count(s.asked[0], "\n") != 8 || !strings.Contains(s.asked[0], `{"exists":{"field":"user.id"}}`) {
		t.Errorf("got %d requests %v, want one with four searches, the last without whom the third is about", len(s.asked), s.asked)
	}

	// A name is asked for once a minute, also when it is nobody's.
	for _, after := range []time.Duration{time.Second, 59 * time.Second, 61 * time.Second} {
		if _, err := reported.Counts(t.Context(), noon.Add(after)); err != nil {
			t.Fatal(err)
		}
	}
	if len(names.asked) != 4 || !slices.ContainsFunc(names.asked, func(asked []string) bool { return slices.Equal(asked, []string{"dr.osei", "visitor"}) }) {
		t.Errorf("got %v, want usernames and addresses asked for twice", names.asked)
	}
}

// What is not wholly known is not known: a count that lacks reports would pass
// for good behaviour.
func TestReportsThatAreNotKnown(t *testing.T) {
	whole := answers(hits())
	for name, tt := range map[string]struct {
		server script
		names  *register
	}{
		"a failed shard":        {script{caps: fits, search: []string{strings.Replace(whole, `"failed":0`, `"failed":1`, 1)}}, &register{}},
		"too late":              {script{caps: fits, search: []string{strings.Replace(whole, `"timed_out":false`, `"timed_out":true`, 1)}}, &register{}},
		"a cluster was skipped": {script{caps: fits, search: []string{strings.Replace(whole, `"_shards"`, `"_clusters":{"total":2,"successful":1,"skipped":1},"_shards"`, 1)}}, &register{}},
		"no such index":         {script{caps: fits, search: []string{answers(`{"status":404,"error":{"type":"index_not_found_exception"}}`)}}, &register{}},
		"no status":             {script{caps: fits, search: []string{answers(`{}`)}}, &register{}},
		"an answer too few":     {script{caps: fits, search: []string{answers()}}, &register{}},
		"overload":              {script{caps: fits, search: []string{whole}, status: 429}, &register{}},
		"numbers for names":     {script{caps: fits, search: []string{answers(hits(`{"key":{"name":7},"doc_count":1}`))}}, &register{}},
		"no register answers":   {script{caps: fits, search: []string{answers(hits(bucket("dr.osei", "1")))}}, &register{err: errors.New("gone")}},
		"a field is missing":    {script{caps: strings.Replace(fits, `"user.name"`, `"user.nam"`, 1), search: []string{whole}}, &register{}},
		"a field of words":      {script{caps: strings.Replace(fits, `"event.kind":{"keyword"`, `"event.kind":{"text"`, 1), search: []string{whole}}, &register{}},
		"a field of two kinds": {script{caps: strings.Replace(fits, `"user.name":{`,
			`"user.name":{"text":{"searchable":true,"aggregatable":false},`, 1), search: []string{whole}}, &register{}},
		"a time that is none": {script{caps: strings.Replace(fits, `"@timestamp":{"date"`, `"@timestamp":{"keyword"`, 1), search: []string{whole}}, &register{}},
	} {
		reported := elastic.NewReported(&signals.Memory{}, &tt.server, tt.names, []elastic.Report{malware(nil)})
		if got, err := reported.Counts(t.Context(), noon); err == nil {
			t.Errorf("%s: got %v and no error", name, got)
		}
	}
	s := script{caps: fits, search: []string{whole}}
	if _, err := elastic.NewReported(&signals.Memory{}, &s, nil, []elastic.Report{malware(nil)}).Counts(t.Context(), noon); err != nil {
		t.Errorf("got %v for a whole answer", err)
	}
	s = script{caps: fits, search: []string{answers(hits(bucket("dr.osei", "1")))}}
	if got, err := elastic.NewReported(&signals.Memory{}, &s, nil, []elastic.Report{malware(nil)}).Counts(t.Context(), noon); err == nil {
		t.Errorf("got %v of names that nobody knows", got)
	}
}

// An outage in the middle makes what was known older, and takes nothing away.
func TestReportsGrowStale(t *testing.T) {
	s := &script{caps: fits, search: []string{answers(hits(bucket("dr.osei", "1"))), answers(`{"status":503}`)}}
	source := signals.New(elastic.NewReported(&signals.Memory{}, s, &register{}, []elastic.Report{malware(nil)}), slog.New(slog.DiscardHandler))
	if err := source.Refresh(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if err := source.Refresh(t.Context(), noon.Add(time.Second)); err == nil {
		t.Error("got no error of an engine that does not answer")
	}
	got := source.Measure(&pip.Query{Subject: osei, Now: noon.Add(3 * time.Second)})
	if got.External["malware"] != 1 || got.Age != 3*time.Second {
		t.Errorf("got %+v, want one report that is three seconds old", got)
	}
}
