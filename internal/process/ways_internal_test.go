package process

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/wardgate/wardgate/internal/config"
)

// What is not taken sends nothing, and what two configurations have alike ends with the
// later one.
func TestWaysWorkOnceTheyAreTaken(t *testing.T) {
	var checks atomic.Int64
	checked := make(chan struct{}, 1)
	lab := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		checks.Add(1)
		select {
		case checked <- struct{}{}:
		default:
		}
	}))
	defer lab.Close()
	c := config.Default()
	c.Applications = []config.Application{{Name: "lab", Upstreams: []string{lab.URL}, Health: &config.Health{Path: "/healthz"}}}
	w := &ways{ground: ground{log: slog.New(slog.NewTextHandler(io.Discard, nil))}}
	of := func(c *config.Config) *wayset {
		t.Helper()
		set, err := w.of(c)
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	of(&c).drop()
	w.ending.Wait()
	if len(w.open) != 0 || checks.Load() != 0 {
		t.Errorf("%d are reached after all were given back, with %d checks", len(w.open), checks.Load())
	}
	first := of(&c)
	w.take(first)
	<-checked
	second := of(&c)
	if second.anew || second.all[0] != first.all[0] {
		t.Error("an unchanged application began anew")
	}
	first.drop()
	first.drop()
	if len(w.open) != 1 {
		t.Errorf("%d are reached", len(w.open))
	}
	c.Applications[0].Idle = "1m"
	if third := of(&c); !third.anew || len(w.open) != 2 {
		t.Error("a changed application is the one of before")
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	second.drop()
	if len(w.open) != 1 {
		t.Errorf("%d are reached", len(w.open))
	}
}
