//go:build integration

package elastic_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip/signals"
	"github.com/wardgate/wardgate/pip/signals/elastic"
	"github.com/wardgate/wardgate/pip/signals/signalstest"
)

func transport(t testing.TB) *elastictransport.Client {
	t.Helper()
	u, err := url.Parse(realserver.Elasticsearch(t).URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := elastictransport.New(elastictransport.Config{URLs: []*url.URL{u}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func open(t testing.TB) *elastic.Store {
	t.Helper()
	return elastic.New(transport(t), fmt.Sprintf("wardgate-signals-t%d", time.Now().UnixNano()))
}

func TestContract(t *testing.T) {
	signalstest.Run(t, func(t *testing.T) signals.Store { return open(t) })
}

// What nobody remembers is removed, what somebody remembers stays.
func TestSweep(t *testing.T) {
	s := open(t)
	now := time.Now().UTC()
	for i, days := range []int{0, 29, 40} {
		one := signals.Tally{Who: signals.Who{Subject: "u-1"}, Slot: now.AddDate(0, 0, -days).Truncate(signals.Slot), Countries: []string{[]string{"DE", "FR", "US"}[i]}}
		if err := s.Add(t.Context(), signals.Batch{Origin: "a", Number: uint64(i + 1), Tallies: []signals.Tally{one}}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := s.Sweep(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.Habits(t.Context(), now.AddDate(0, 0, -20)); err != nil || !slices.Equal(got["u-1"].Countries, []string{"DE", "FR"}) {
		t.Errorf("got %v, %v, want what is 0 and 29 days old", got, err)
	}
}

// More people than one answer tells of are all counted.
func TestMoreThanOnePage(t *testing.T) {
	s := open(t)
	now := time.Now().UTC()
	var b signals.Batch
	b.Origin, b.Number = "a", 1
	for i := range 9000 {
		t := signals.Tally{Who: signals.Who{Subject: fmt.Sprintf("u-%d", i)}, Slot: now.Truncate(signals.Slot)}
		t.Requests = i
		b.Tallies = append(b.Tallies, t)
	}
	if err := s.Add(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	got, err := s.Counts(t.Context(), now)
	if err != nil || len(got) != 9000 || got[signals.Who{Subject: "u-8999"}].Requests != 8999 {
		t.Errorf("got %d people, %v, want 9000", len(got), err)
	}
}
