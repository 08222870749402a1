package opalogs_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/audit/ship/opalogs"
)

// A bureau is an OPA control plane that takes decision logs, when it is there.
type bureau struct {
	mu     sync.Mutex
	away   bool
	lose   bool // take everything, and lose the answer
	times  map[string]int
	events []map[string]any
}

func (b *bureau) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	z, err := gzip.NewReader(r.Body)
	var events []map[string]any
	if err == nil {
		err = json.NewDecoder(z).Decode(&events)
	}
	if err != nil || r.URL.Path != "/base/logs" || r.Header.Get("Authorization") != "Bearer opaque" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	for _, e := range events {
		b.times[e["decision_id"].(string)]++
		b.events = append(b.events, e)
	}
	if b.lose {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func (b *bureau) set(away, lose bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away, b.lose = away, lose
}

func (b *bureau) distinct() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.times)
}

func start(t *testing.T, dir, url string) (stop func()) {
	t.Helper()
	c, err := opalogs.New(opalogs.Config{URL: url + "/base/", Token: func() (string, error) { return "opaque", nil }})
	if err != nil {
		t.Fatal(err)
	}
	s, err := ship.New(ship.Parts{
		Name: "decision-logs", Journal: filepath.Join(dir, "journal"), State: filepath.Join(dir, "ship"), Sink: c, Encode: c.Encode,
	}, ship.Config{Bound: reader.Bound{Records: 7}, Least: time.Millisecond, Most: 2 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// Whatever becomes of the collector and of the process, every decision is
// there, under its id; other records are not.
func TestEveryDecisionArrives(t *testing.T) {
	dir := t.TempDir()
	journal, err := audit.Open(audit.Config{Dir: filepath.Join(dir, "journal"), SegmentBytes: 8 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = journal.Close() })
	b := &bureau{times: map[string]int{}}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	const rounds, each = 12, 25
	for round := range rounds {
		b.set(round%3 == 1, round%3 == 2)
		stop := start(t, dir, server.URL)
		for i := range each {
			for _, e := range []pip.Event{
				{Kind: pip.KindDecision, Decision: fmt.Sprintf("d-%d-%d", round, i), Allow: true, Revision: "r", Input: json.RawMessage(`{}`)},
				{Kind: pip.KindOutcome, Decision: fmt.Sprintf("d-%d-%d", round, i)},
			} {
				if err := journal.Append(context.Background(), e); err != nil {
					t.Fatal(err)
				}
			}
		}
		stop() // in the midst of it
	}
	b.set(false, false)
	start(t, dir, server.URL)
	for by := time.Now().Add(time.Minute); b.distinct() < rounds*each && time.Now().Before(by); {
		time.Sleep(5 * time.Millisecond)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.times) != rounds*each {
		t.Fatalf("got %d decisions, want %d", len(b.times), rounds*each)
	}
	t.Logf("%d decisions, %d events", len(b.times), len(b.events))
}

func encode(t *testing.T, mask func(context.Context, map[string]any) ([]any, error)) map[string]any {
	t.Helper()
	c, err := opalogs.New(opalogs.Config{URL: "http://127.0.0.1", Labels: map[string]string{"app": "wardgate"}, Mask: mask})
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Encode("main", &reader.Record{Seq: 7, Hash: "0123456789", Event: pip.Event{
		Kind: pip.KindDecision, Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Decision: "d-1", Reasons: []string{"not_your_patient"},
		Obligations: []string{"withhold"}, Revision: "abc", Address: "192.0.2.1",
		Input: json.RawMessage(`{"subject":{"id":"u-1"},"list":[1,2,3],"big":9007199254740993}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(d.Body))
	decoder.UseNumber()
	var event map[string]any
	if err := decoder.Decode(&event); err != nil {
		t.Fatal(err)
	}
	return event
}

func TestEventIsOPAs(t *testing.T) {
	got := encode(t, nil)
	want := map[string]any{
		"labels": map[string]any{"app": "wardgate", "chain": "main"}, "decision_id": "d-1", "path": "authz/answer",
		"timestamp": "2026-03-01T12:00:00Z", "requested_by": "192.0.2.1",
		"bundles": map[string]any{"wardgate": map[string]any{"revision": "abc"}},
		"input":   map[string]any{"subject": map[string]any{"id": "u-1"}, "list": []any{json.Number("1"), json.Number("2"), json.Number("3")}, "big": json.Number("9007199254740993")},
		"result": map[string]any{"decision": false, "context": map[string]any{
			"reasons": []any{"not_your_patient"}, "obligations": []any{map[string]any{"id": "withhold"}},
		}},
		"custom": map[string]any{"record": "main-000000000007-01234567"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

func TestAnAllowTellsItsGrounds(t *testing.T) {
	c, err := opalogs.New(opalogs.Config{URL: "https://opa.hospital.test"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Encode("main", &reader.Record{Seq: 7, Hash: "0123456789", Event: pip.Event{
		Kind: pip.KindDecision, Decision: "d-1", Allow: true, Rules: []string{"role/role"}, Right: "Billing and Finance", Reach: "self",
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := `"grounds":{"reach":"self","right":"Billing and Finance","rules":[{"code":"role","folder":"role"}]}`
	if !bytes.Contains(d.Body, []byte(want)) {
		t.Errorf("got %s, want %s in it", d.Body, want)
	}
}

func TestMaskedFieldsDoNotLeave(t *testing.T) {
	tests := []struct {
		name           string
		rules          []any
		erased, masked []any
		check          func(input, result any) bool
	}{
		{"nothing", nil, nil, nil, func(i, _ any) bool { return i != nil }},
		{"a path", []any{"/input/subject/id"}, []any{"/input/subject/id"}, nil,
			func(i, _ any) bool { return len(i.(map[string]any)["subject"].(map[string]any)) == 0 }},
		{"remove", []any{map[string]any{"op": "remove", "path": "/input/subject"}}, []any{"/input/subject"}, nil,
			func(i, _ any) bool { return i.(map[string]any)["subject"] == nil }},
		{"an element", []any{"/input/list/1"}, []any{"/input/list/1"}, nil,
			func(i, _ any) bool { return len(i.(map[string]any)["list"].([]any)) == 2 }},
		{"the whole input", []any{"/input"}, []any{"/input"}, nil, func(i, r any) bool { return i == nil && r != nil }},
		{"upsert", []any{map[string]any{"op": "upsert", "path": "/input/subject/id", "value": "**"}}, nil, []any{"/input/subject/id"},
			func(i, _ any) bool { return i.(map[string]any)["subject"].(map[string]any)["id"] == "**" }},
		{"what is not there", []any{"/input/none", "/input/list/9", "/nd_builtin_cache/x"}, nil, nil, func(i, _ any) bool { return i != nil }},
		{"a rule without sense hides all", []any{"/input/subject/id", "/output"}, []any{"/input", "/result"}, nil, func(i, r any) bool { return i == nil && r == nil }},
		{"an unknown operation hides all", []any{map[string]any{"op": "hide", "path": "/input"}}, []any{"/input", "/result"}, nil, func(i, r any) bool { return i == nil && r == nil }},
		{"a number hides all", []any{1}, []any{"/input", "/result"}, nil, func(i, r any) bool { return i == nil && r == nil }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := encode(t, func(context.Context, map[string]any) ([]any, error) { return tt.rules, nil })
			erased, _ := e["erased"].([]any)
			masked, _ := e["masked"].([]any)
			if !slices.Equal(erased, tt.erased) || !slices.Equal(masked, tt.masked) || !tt.check(e["input"], e["result"]) {
				t.Errorf("got %v", e)
			}
		})
	}
	e := encode(t, func(context.Context, map[string]any) ([]any, error) { return nil, errors.New("timeout") })
	if e["input"] != nil || e["result"] != nil || e["decision_id"] != "d-1" {
		t.Errorf("a mask that fails: got %v", e)
	}
}

// What the rule book drops stays, what it keeps is masked, and what it cannot
// judge leaves without anything that it is about.
func TestDroppedEventsDoNotLeave(t *testing.T) {
	for name, test := range map[string]struct {
		drop bool
		err  error
		has  []string
		not  []string
	}{
		"kept":    {false, nil, []string{`"decision_id":"d-1"`, `"requested_by"`, `"result"`, `"erased":["/input"]`}, []string{`"input":`}},
		"unknown": {true, errors.New("broken"), []string{`"decision_id":"d-1"`, `"erased":["/input","/result"]`}, []string{`"input":`, `"result":`, "192.0.2.1", "u-1"}},
	} {
		d := encodeOne(t, func(event map[string]any) (bool, error) {
			if event["input"] == nil {
				t.Errorf("%s: judged after it was masked", name)
			}
			return test.drop, test.err
		})
		for _, word := range test.has {
			if !bytes.Contains(d, []byte(word)) {
				t.Errorf("%s: %s lacks %s", name, d, word)
			}
		}
		for _, word := range test.not {
			if bytes.Contains(d, []byte(word)) {
				t.Errorf("%s: %s has %s", name, d, word)
			}
		}
	}
	if d := encodeOne(t, func(map[string]any) (bool, error) { return true, nil }); len(d) > 0 {
		t.Errorf("got %s of a dropped event", d)
	}
}

func encodeOne(t *testing.T, drop func(map[string]any) (bool, error)) []byte {
	t.Helper()
	c, err := opalogs.New(opalogs.Config{
		URL:  "https://opa.hospital.test",
		Mask: func(context.Context, map[string]any) ([]any, error) { return []any{"/input"}, nil },
		Drop: func(_ context.Context, event map[string]any) (bool, error) { return drop(event) },
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := c.Encode("main", &reader.Record{Seq: 7, Hash: "0123456789", Event: pip.Event{
		Kind: pip.KindDecision, Decision: "d-1", Reasons: []string{"not_your_patient"}, Address: "192.0.2.1",
		Input: json.RawMessage(`{"subject":{"id":"u-1"}}`),
	}})
	if err != nil || d.ID == "" {
		t.Fatal(d, err)
	}
	return d.Body
}
