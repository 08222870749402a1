//go:build integration

package elastic_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"

	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip"
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

// Two processes: what one adds, the other counts.
type two struct{ adds, counts *elastic.Store }

func openTwo(t testing.TB) two {
	t.Helper()
	client, prefix := transport(t), fmt.Sprintf("wardgate-signals-t%d", time.Now().UnixNano())
	return two{elastic.New(client, prefix), elastic.New(client, prefix)}
}

func (p two) Add(ctx context.Context, b signals.Batch) error { return p.adds.Add(ctx, b) }

func (p two) Counts(ctx context.Context, now time.Time) (map[signals.Who]pip.Signals, error) {
	return p.counts.Counts(ctx, now)
}

func (p two) Habits(ctx context.Context, now time.Time) (map[string]signals.Habit, error) {
	return p.counts.Habits(ctx, now)
}

func TestContractBetweenProcesses(t *testing.T) {
	signalstest.Run(t, func(t *testing.T) signals.Store { return openTwo(t) })
}

// TestProcessesCountTheSame: three processes add, in turns and with attempts
// that are repeated; two that read now and then, one that begins late, and one
// whose clock steps back, count what adding everything up gives.
func TestProcessesCountTheSame(t *testing.T) {
	client, prefix := transport(t), fmt.Sprintf("wardgate-signals-t%d", time.Now().UnixNano())
	process := func() *elastic.Store { return elastic.New(client, prefix) }
	writers, reader, seldom, stepsBack := []*elastic.Store{process(), process(), process()}, process(), process(), process()
	draw := rand.New(rand.NewPCG(1, 2))
	var memory signals.Memory
	when := time.Date(2026, 3, 2, 23, 50, 0, 0, time.UTC) // midnight is in the middle
	same := func(who string, s *elastic.Store, when time.Time) {
		t.Helper()
		want, err := memory.Counts(t.Context(), when)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.Counts(t.Context(), when); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s at %s: got %+v, %v, want %+v", who, when.Format(time.TimeOnly), got, err, want)
		}
	}
	for step := range uint64(60) {
		when = when.Add(time.Duration(draw.IntN(30)) * time.Second)
		i := draw.IntN(len(writers))
		b := signals.Batch{Origin: fmt.Sprint("process-", i), Number: step + 1}
		for n := range 1 + draw.IntN(30) {
			one := signals.Tally{Who: signals.Who{Subject: fmt.Sprint("u-", draw.IntN(9))}, Slot: when.Add(-time.Duration(draw.IntN(300)) * time.Second).Truncate(signals.Slot)}
			one.Requests, one.Denials, one.DenialsByKind.Right = n, n%3, n%3
			one.Patients = []string{fmt.Sprint("p-", draw.IntN(20))}
			if n%7 == 0 {
				one.External = map[string]int{"malware": 1}
			}
			b.Tallies = append(b.Tallies, one)
		}
		for range 1 + draw.IntN(2) {
			if err := writers[i].Add(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		if err := memory.Add(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		same("a reader", reader, when)
		same("a writer", writers[i], when)
		if step%17 == 16 {
			same("a reader now and then", seldom, when)
			same("a clock that was right", stepsBack, when)
			same("a clock that stepped back", stepsBack, when.Add(-time.Minute))
			same("a late beginner", process(), when)
		}
	}
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
