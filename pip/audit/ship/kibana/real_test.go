//go:build integration

package kibana_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/ecs"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
)

func ask(t *testing.T, method, path string, body any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if body == nil {
		raw = nil
	}
	// The distribution for tests has no constant keywords.
	text := strings.ReplaceAll(string(raw), "constant_keyword", "keyword")
	r, err := http.NewRequestWithContext(t.Context(), method, realserver.Elasticsearch(t).URL+path, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode > 299 {
		t.Fatalf("%s %s %s: %s, %v: %s", method, path, text, res.Status, err, answer)
	}
	var out map[string]any
	if err := json.Unmarshal(answer, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// story is what a bad day leaves in the journal.
func story() []pip.Event {
	const states = `{"context":{"identity":{"state":"fresh"},"revocation":{"state":"fresh"},"device":{"state":"fresh"},` +
		`"location":{"state":"fresh"},"care":{"state":"stale"},"signals":{"state":"unknown"}}}`
	who := pip.Event{
		Subject: "u-1", Role: "doctor", Session: "s-1", Address: "192.0.2.7", Country: "DE", OS: "Linux", Browser: "Firefox",
		Method: "GET", Path: "/api/patients/p-1", Revision: "r-1",
	}
	as := func(change func(*pip.Event)) pip.Event { e := who; change(&e); return e }
	decided := func(action string, reasons ...string) pip.Event {
		return as(func(e *pip.Event) {
			e.Kind, e.Action, e.Allow, e.Reasons, e.Input = pip.KindDecision, action, len(reasons) == 0, reasons, json.RawMessage(states)
		})
	}
	answered := func(status int, detail string, patients ...string) pip.Event {
		return as(func(e *pip.Event) {
			e.Kind, e.Action, e.Allow, e.Status, e.Detail, e.Patients = pip.KindOutcome, "patient.read", true, status, detail, patients
			e.Right, e.Reach = "Patient Health overview", "own"
		})
	}
	stolen := decided("patient.read", "device_changed")
	stolen.Alarm = true
	refused := decided("patient.read", "not_your_patient", "signals_unknown")
	refused.Patients = []string{"p-2"}
	return []pip.Event{
		as(func(e *pip.Event) {
			e.Kind, e.Action, e.Allow, e.Outcome = pip.KindSession, "session.create", true, "success"
		}),
		as(func(e *pip.Event) {
			e.Kind, e.Action, e.Outcome, e.Reasons = pip.KindSession, "session.create", "failure", []string{"impossible_travel"}
			e.Alarm = true
		}),
		decided("patient.read"), refused, decided("patient.read", "subject_banned"), stolen,
		answered(200, "", "p-1"), answered(404, ""), answered(502, "application_unavailable"),
		as(func(e *pip.Event) {
			e.Kind, e.Action, e.Allow, e.Detail = pip.KindAccount, "user.ban", true, "account u-2"
		}),
	}
}

// shipped puts the story where the data view looks.
func shipped(t *testing.T) (stream string) {
	t.Helper()
	stream = fmt.Sprintf("logs-wardgate.audit-k%d", time.Now().UnixNano())
	for _, step := range elastic.Steps(elastic.Plan{Stream: stream}) {
		if strings.Contains(step.Path, "_template/") {
			ask(t, http.MethodPut, step.Path, step.Body)
		}
	}
	client, err := elastic.Connect(elastic.Server{Addresses: []string{realserver.Elasticsearch(t).URL}})
	if err != nil {
		t.Fatal(err)
	}
	var docs []ship.Document
	for i, e := range story() {
		e.Time = time.Now()
		r := reader.Record{Seq: uint64(i + 1), Written: e.Time, Hash: strings.Repeat(fmt.Sprintf("%02x", i), 32), Event: e}
		body, err := ecs.Document("main", &r)
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, ship.Document{ID: ecs.ID("main", &r), Body: body})
	}
	if refused, err := elastic.New(client, stream).Send(t.Context(), docs); err != nil || len(refused) > 0 {
		t.Fatalf("got %v, %v, want all taken", refused, err)
	}
	ask(t, http.MethodPost, "/"+stream+"/_refresh", nil)
	return stream
}

// A chart is what a panel asks for.
type chart struct {
	Query struct{ Query string }
	Data  struct {
		Form struct {
			Layers map[string]struct {
				Columns map[string]struct{ OperationType, SourceField string }
			}
		} `json:"formBased"`
	} `json:"datasourceStates"`
}

var compared = regexp.MustCompile(` (>=|<) `)

// lucene writes a panel's KQL for query_string. The two languages differ, as
// far as the panels go, in the case of words and in how a comparison is spelt.
func lucene(kql string) string {
	if kql == "" {
		return "*"
	}
	return strings.NewReplacer(" and ", " AND ", " or ", " OR ").Replace(compared.ReplaceAllString(kql, ":$1"))
}

// After a bad day no panel is empty: each field is there, each query is
// understood, and finds what it is meant for.
func TestPanelsFindTheStory(t *testing.T) {
	stream := shipped(t)
	around := map[string]string{} // dashboard -> its own query
	for _, o := range objects(t) {
		if o.Type == "dashboard" {
			around[o.ID] = dashboardQuery(t, o)
		}
	}
	panels := 0
	for _, o := range objects(t) {
		if o.Type != "lens" {
			continue
		}
		panels++
		var c chart
		if err := json.Unmarshal(o.Attributes["state"], &c); err != nil {
			t.Fatal(err)
		}
		filter := []any{map[string]any{"query_string": map[string]any{"query": lucene(c.Query.Query)}}}
		for id, query := range around {
			if strings.HasPrefix(o.ID, id+"-") {
				filter = append(filter, map[string]any{"query_string": map[string]any{"query": lucene(query)}})
			}
		}
		if len(filter) != 2 {
			t.Fatalf("%s: got %d dashboards, want its own", o.ID, len(filter)-1)
		}
		for field, buckets := range valuesOf(t, stream, filter, &c) {
			if buckets == 0 {
				t.Errorf("%s: %s finds nothing by %s", o.ID, c.Query.Query, field)
			}
		}
	}
	if panels < 35 {
		t.Errorf("only %d panels were asked", panels)
	}
}

func dashboardQuery(t *testing.T, o saved) string {
	t.Helper()
	var meta struct{ SearchSourceJSON string }
	var search struct{ Query struct{ Query string } }
	if err := json.Unmarshal(o.Attributes["kibanaSavedObjectMeta"], &meta); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(meta.SearchSourceJSON), &search); err != nil {
		t.Fatal(err)
	}
	return search.Query.Query
}

// valuesOf counts, for each field that the chart groups or counts by, its values
// among what the filter finds.
func valuesOf(t *testing.T, stream string, filter []any, c *chart) map[string]int {
	t.Helper()
	aggs := map[string]any{"any": map[string]any{"filters": map[string]any{"filters": []any{map[string]any{"match_all": map[string]any{}}}}}}
	for _, layer := range c.Data.Form.Layers {
		for _, column := range layer.Columns {
			switch column.OperationType {
			case "terms", "unique_count":
				aggs[column.SourceField] = map[string]any{"terms": map[string]any{"field": column.SourceField}}
			case "date_histogram":
				aggs[column.SourceField] = map[string]any{"date_histogram": map[string]any{"field": column.SourceField, "fixed_interval": "1h"}}
			}
		}
	}
	answer := ask(t, http.MethodPost, "/"+stream+"/_search?allow_partial_search_results=false", map[string]any{
		"size": 0, "query": map[string]any{"bool": map[string]any{"filter": filter}}, "aggs": aggs,
	})
	found := map[string]int{}
	for field, a := range answer["aggregations"].(map[string]any) {
		for _, b := range a.(map[string]any)["buckets"].([]any) {
			if b.(map[string]any)["doc_count"].(float64) > 0 {
				found[field]++
			}
		}
		found[field] += 0
	}
	return found
}
