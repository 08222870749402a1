package report_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pdp/engine/delivery/report"
)

type update struct {
	Labels  map[string]string
	Bundles map[string]struct {
		Name, Code, Message string
		Revision            string `json:"active_revision"`
	}
	Plugins map[string]struct{ State string }
}

// A change is reported, and reported again to a service that did not take it.
func TestChangesAreReported(t *testing.T) {
	got := make(chan update, 10)
	var calls atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls.Add(1) == 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var u update
		if err := json.NewDecoder(r.Body).Decode(&u); err != nil || r.URL.Path != "/status" || r.Method != http.MethodPost {
			t.Errorf("got %s %s %v", r.Method, r.URL.Path, err)
		}
		got <- u
	}))
	defer s.Close()
	var status atomic.Pointer[delivery.Status]
	good := delivery.Status{Active: delivery.Delivered{Rules: "abc"}}
	status.Store(&good)
	r, err := report.New(report.Config{
		URL: s.URL, Labels: map[string]string{"app": "wardgate"}, Status: func() delivery.Status { return *status.Load() }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); r.Run(ctx) }()
	defer func() { cancel(); <-done }()
	first := <-got
	if b := first.Bundles["wardgate"]; b.Revision != "abc" || b.Code != "" || first.Plugins["bundle"].State != "OK" || first.Labels["app"] != "wardgate" {
		t.Errorf("got %+v", first)
	}
	refused := good
	refused.Refused = &delivery.Trouble{Code: delivery.CodeOlder, Err: errors.New("not newer")}
	status.Store(&refused)
	second := <-got
	if b := second.Bundles["wardgate"]; b.Revision != "abc" || b.Code != "bundle_error" || b.Message != "bundle_older: not newer" || second.Plugins["bundle"].State != "WARN" {
		t.Errorf("got %+v", second)
	}
	if calls.Load() < 3 {
		t.Error("the report that was not taken was not repeated")
	}
}
