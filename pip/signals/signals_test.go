package signals_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
)

var noon = time.Date(2026, 3, 2, 12, 0, 30, 0, time.UTC)

func decision(subject string, allow bool, at time.Time) *pip.Event {
	return &pip.Event{Kind: pip.KindDecision, Subject: subject, Address: "192.0.2.1", Allow: allow, Time: at}
}

func ask(t *testing.T, s *signals.Source, subject string, at time.Time) pip.Signals {
	t.Helper()
	var f pip.Facts
	q := pip.Query{Now: at, Subject: subject, Address: netip.MustParseAddr("192.0.2.1")}
	if err := s.Gather(context.Background(), &q, &f); err != nil {
		t.Fatal(err)
	}
	return f.Signals
}

func TestCounts(t *testing.T) {
	s := signals.New()
	for i := range 30 {
		s.Observe(decision("u-1", i%3 != 0, noon))
		s.Observe(decision("u-2", true, noon))
	}
	s.Observe(&pip.Event{Kind: pip.KindOutcome, Subject: "u-1", Time: noon})
	got := ask(t, s, "u-1", noon)
	if got.Requests != 30 || got.Denials != 10 || got.State != pip.Fresh {
		t.Errorf("got %+v, want 30 requests and 10 denials", got)
	}
	if got := ask(t, s, "u-3", noon); got.Requests != 0 || got.State != pip.Fresh {
		t.Errorf("got %+v for somebody who did nothing", got)
	}
}

func TestFailedLogInsCountForTheAddress(t *testing.T) {
	s := signals.New()
	for i := range 12 {
		s.Observe(&pip.Event{
			Kind: pip.KindSession, Outcome: "failure", Subject: fmt.Sprint("u-", i), Address: "192.0.2.1", Time: noon,
		})
	}
	if got := ask(t, s, "", noon); got.FailedLogIns != 12 {
		t.Errorf("got %+v, want 12: spraying over many accounts is one behaviour", got)
	}
}

func TestCountsPass(t *testing.T) {
	s := signals.New()
	s.Observe(decision("u-1", false, noon))
	for _, tt := range []struct {
		after             time.Duration
		requests, denials int
	}{{0, 1, 1}, {time.Minute, 1, 1}, {2 * time.Minute, 0, 1}, {9 * time.Minute, 0, 1}, {10 * time.Minute, 0, 0}, {time.Hour, 0, 0}} {
		got := ask(t, s, "u-1", noon.Add(tt.after))
		if got.Requests != tt.requests || got.Denials != tt.denials {
			t.Errorf("after %s got %+v, want %d requests and %d denials", tt.after, got, tt.requests, tt.denials)
		}
	}
}

// A flood from many made-up addresses must not fill the memory.
func TestMemoryIsBounded(t *testing.T) {
	s := signals.New()
	for i := range 250_000 {
		s.Observe(&pip.Event{Kind: pip.KindDecision, Address: fmt.Sprint(i), Time: noon})
	}
	s.Observe(decision("u-1", false, noon))
	if got := ask(t, s, "u-1", noon); got.Denials != 1 {
		t.Errorf("got %+v after a flood", got)
	}
}
