package elastic_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/wardgate/wardgate/pip/audit/ecs"
	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
)

func documents(n int) []ship.Document {
	out := make([]ship.Document, n)
	for i := range out {
		out[i] = ship.Document{ID: fmt.Sprintf("main-%d", i), Body: fmt.Appendf(nil, `{"n":%d}`, i)}
	}
	return out
}

func TestSend(t *testing.T) {
	only := func(n int, status int, code string) func(int, string, string) (int, string) {
		return func(_ int, id, _ string) (int, string) {
			if id == fmt.Sprintf("main-%d", n) {
				return status, code
			}
			return http.StatusCreated, ""
		}
	}
	tests := []struct {
		name    string
		bulk    func(call int, id, doc string) (int, string)
		whole   func(call int) (int, string)
		refused []ship.Refusal
		fails   bool // is to be offered again
		halves  bool // is ship.ErrRefused
	}{
		{name: "all are new"},
		{name: "one does not fit the mapping", bulk: only(2, 400, "document_parsing_exception"),
			refused: []ship.Refusal{{Index: 2, Code: "document_parsing_exception"}}},
		{name: "one meets a full queue", bulk: only(2, 429, "es_rejected_execution_exception"), fails: true},
		{name: "one meets a shard that is gone", bulk: only(0, 503, "unavailable_shards_exception"), fails: true},
		{name: "too many shards are open", bulk: only(4, 400, "validation_exception"), fails: true},
		{name: "there is no stream", bulk: only(1, 404, "index_not_found_exception"), fails: true},
		{name: "the disk is full", bulk: only(1, 403, "cluster_block_exception"), fails: true},
		{name: "overload", whole: func(int) (int, string) { return 429, errorBody("circuit_breaking_exception") }, fails: true},
		{name: "wrong credentials", whole: func(int) (int, string) { return 401, errorBody("security_exception") }, fails: true},
		{name: "too large", whole: func(int) (int, string) { return 413, "" }, fails: true, halves: true},
		{name: "a page that is no answer", whole: func(int) (int, string) { return 200, "<html>" }, fails: true},
		{name: "an answer about fewer documents", whole: func(int) (int, string) { return 200, `{"items":[]}` }, fails: true},
		{name: "an empty answer", whole: func(int) (int, string) { return 200, `{}` }, fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster()
			c.bulk, c.whole = tt.bulk, tt.whole
			sink := elastic.New(connect(t, elastic.Server{Addresses: []string{c.serve(t)}}), "logs-wardgate.audit-t")
			refused, err := sink.Send(t.Context(), documents(5))
			if (err != nil) != tt.fails || !slices.Equal(refused, tt.refused) || errors.Is(err, ship.ErrRefused) != tt.halves {
				t.Fatalf("got %v, %v", refused, err)
			}
			if err != nil && strings.Contains(err.Error(), "patient") {
				t.Errorf("the error quotes a document: %v", err)
			}
			if !tt.fails && len(c.docs) != 5-len(tt.refused) {
				t.Errorf("got %d documents, want %d", len(c.docs), 5-len(tt.refused))
			}
		})
	}
}

// What was offered before is taken, and is there once.
func TestSendAgain(t *testing.T) {
	c := newCluster()
	sink := elastic.New(connect(t, elastic.Server{Addresses: []string{c.serve(t)}}), "logs-wardgate.audit-t")
	for range 3 {
		if refused, err := sink.Send(t.Context(), documents(7)); err != nil || len(refused) > 0 {
			t.Fatalf("got %v, %v", refused, err)
		}
	}
	if len(c.docs) != 7 {
		t.Errorf("got %d documents, want 7", len(c.docs))
	}
}

// A friendly proxy that answers 200 to everything has taken nothing.
func TestOnlyElasticsearchIsBelieved(t *testing.T) {
	c := newCluster()
	c.product = ""
	sink := elastic.New(connect(t, elastic.Server{Addresses: []string{c.serve(t)}}), "logs-wardgate.audit-t")
	if _, err := sink.Send(t.Context(), documents(1)); !errors.Is(err, elastic.ErrProduct) {
		t.Errorf("got %v, want %v", err, elastic.ErrProduct)
	}
}

func TestCredentials(t *testing.T) {
	for name, tt := range map[string]struct {
		server elastic.Server
		want   string
	}{
		"basic":   {elastic.Server{Username: "ward", Password: "gate"}, "Basic d2FyZDpnYXRl"},
		"API key": {elastic.Server{APIKey: "abc=="}, "APIKey abc=="},
		"none":    {elastic.Server{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCluster()
			tt.server.Addresses = []string{c.serve(t)}
			if _, err := elastic.New(connect(t, tt.server), "logs-wardgate.audit-t").Send(t.Context(), documents(1)); err != nil {
				t.Fatal(err)
			}
			if !strings.EqualFold(c.auth, tt.want) {
				t.Errorf("got %q, want %q", c.auth, tt.want)
			}
		})
	}
}

// One node that is gone is no outage while another answers.
func TestAnotherNodeAnswers(t *testing.T) {
	c := newCluster()
	client := connect(t, elastic.Server{Addresses: []string{"http://127.0.0.1:1", c.serve(t)}})
	for range 5 {
		if _, err := elastic.New(client, "logs-wardgate.audit-t").Send(t.Context(), documents(3)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConnectRefuses(t *testing.T) {
	for name, s := range map[string]elastic.Server{
		"no address":      {},
		"no URL":          {Addresses: []string{"es.example:9200"}},
		"another scheme":  {Addresses: []string{"ftp://es.example"}},
		"a CA of no form": {Addresses: []string{"https://es.example"}, CA: []byte("none")},
	} {
		if _, err := elastic.Connect(s); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
}

func TestSetupMakesEverythingTwice(t *testing.T) {
	c := newCluster()
	client := connect(t, elastic.Server{Addresses: []string{c.serve(t)}})
	plan := elastic.Plan{Stream: elastic.DefaultStream, DeleteAfterDays: 400}
	for range 2 {
		if err := elastic.Setup(t.Context(), client, plan, nil); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"/_ilm/policy/wardgate-audit", "/_component_template/wardgate-audit@mappings", "/_index_template/wardgate-audit",
		"/_data_stream/logs-wardgate.audit-default", "/logs-wardgate.audit-default/_mapping",
	}
	if !slices.Equal(c.puts, append(slices.Clone(want), want...)) {
		t.Errorf("got %v, want twice %v", c.puts, want)
	}
}

func TestSetupMeets(t *testing.T) {
	tests := []struct {
		name   string
		call   int // that is answered with
		status int
		code   string
		want   error // nil passes
		fails  bool
	}{
		{"a stream that is there", 4, 400, "resource_already_exists_exception", nil, false},
		{"a server without lifecycle policies", 1, 405, "", elastic.ErrNoLifecycle, true},
		{"no rights", 2, 403, "security_exception", nil, true},
		{"a stream's name that an index has", 4, 400, "illegal_argument_exception", nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCluster()
			c.whole = func(call int) (int, string) {
				if call == tt.call {
					return tt.status, errorBody(tt.code)
				}
				return 0, ""
			}
			client := connect(t, elastic.Server{Addresses: []string{c.serve(t)}})
			err := elastic.Setup(t.Context(), client, elastic.Plan{Stream: elastic.DefaultStream, DeleteAfterDays: 1}, nil)
			if (err != nil) != tt.fails || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPlanCheck(t *testing.T) {
	for stream, ok := range map[string]bool{
		"logs-wardgate.audit-default": true, "logs-wardgate.audit-ward7": true,
		"": false, "logs-other-default": false, "logs-wardgate.audit-": false, "logs-wardgate.audit-A": false, "logs-wardgate.audit-x/../y": false,
	} {
		if err := (elastic.Plan{Stream: stream}).Check(); (err == nil) != ok {
			t.Errorf("%q: got %v", stream, err)
		}
	}
}

// The mapping has every field of a document, under its type, and refuses no
// document for a field that it does not have.
func TestMapping(t *testing.T) {
	m := elastic.Mapping()
	if m["dynamic"] != false {
		t.Errorf("got dynamic %v, want false", m["dynamic"])
	}
	for _, f := range ecs.Fields() {
		name, open := strings.CutSuffix(f.Name, ".*")
		at := m
		for part := range strings.SplitSeq(name, ".") {
			properties, _ := at["properties"].(map[string]any)
			at, _ = properties[part].(map[string]any)
		}
		if open && at["dynamic"] != true || !open && at["type"] != f.Type {
			t.Errorf("%s: got %v, want %s", f.Name, at, f.Type)
		}
	}
}
