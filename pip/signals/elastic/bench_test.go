//go:build integration

package elastic_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
)

// BenchmarkRefresh is one count of everybody: ten thousand who were active,
// by how many documents they left in the window. Each stands for one event, as
// when many processes have each seen a little.
func BenchmarkRefresh(b *testing.B) {
	const people, batch = 10_000, 10_000
	for _, events := range []int{100_000, 1_000_000} {
		b.Run(fmt.Sprint(events), func(b *testing.B) {
			s, now := open(b), time.Now().UTC()
			began := time.Now()
			for at := 0; at < events; at += batch {
				one := signals.Batch{Origin: "a", Number: uint64(at/batch + 1)}
				for i := at; i < at+batch; i++ {
					slot := now.Add(-time.Duration(i/people) * signals.Slot % (signals.Window - signals.Slot)).Truncate(signals.Slot)
					tally := signals.Tally{Who: signals.Who{Subject: fmt.Sprintf("u-%d", i%people)}, Slot: slot, Patients: []string{fmt.Sprintf("p-%d", i%97)}}
					tally.Requests = 1
					one.Tallies = append(one.Tallies, tally)
				}
				if err := s.Add(b.Context(), one); err != nil {
					b.Fatal(err)
				}
			}
			b.Logf("%d documents were added, %.0f a second", events, float64(events)/time.Since(began).Seconds())
			b.ResetTimer()
			for range b.N {
				table, err := s.Counts(b.Context(), now)
				if err != nil || len(table) != people {
					b.Fatalf("got %d people, %v, want %d", len(table), err, people)
				}
			}
		})
	}
}
