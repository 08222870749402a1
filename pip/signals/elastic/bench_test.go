//go:build integration

package elastic_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
)

// benchEvents is how many events the window holds: a million unless
// WARDGATE_BENCH_EVENTS says otherwise.
func benchEvents(b *testing.B) int {
	b.Helper()
	text := os.Getenv("WARDGATE_BENCH_EVENTS")
	if text == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1000 {
		b.Fatalf("WARDGATE_BENCH_EVENTS: got %q, want a number from 1000 on", text)
	}
	return n
}

// BenchmarkRefresh is one count of ten thousand active people, a second after
// the one before: what another process has added meanwhile is read, and the
// window moves. The window holds a batch for each of its 600 seconds.
func BenchmarkRefresh(b *testing.B) {
	const people, seconds = 10_000, int(signals.Window / time.Second)
	events := benchEvents(b)
	draw := rand.New(rand.NewPCG(1, 1))
	p, begin := openTwo(b), time.Now().UTC().Truncate(signals.Slot)
	second := func(n int) {
		at := begin.Add(time.Duration(n) * time.Second)
		if err := p.Add(b.Context(), aSecond(draw, uint64(n+1), at, people, events/seconds)); err != nil {
			b.Fatal(err)
		}
	}
	began := time.Now()
	for n := range seconds {
		second(n)
	}
	filled := time.Since(began)
	b.Logf("%d events were added by %d batches in %s, %.0f events a second", events, seconds, filled.Round(time.Millisecond), float64(events)/filled.Seconds())
	before := heap()
	began = time.Now()
	table, err := p.Counts(b.Context(), begin.Add(signals.Window-signals.Slot))
	if err != nil || len(table) != people {
		b.Fatalf("got %d people, %v, want %d", len(table), err, people)
	}
	b.Logf("whoever begins has read the window in %s", time.Since(began).Round(time.Millisecond))
	b.Logf("and holds it in %d MB", (heap()-before)>>20)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		second(seconds + i)
		b.StartTimer()
		table, err := p.Counts(b.Context(), begin.Add(signals.Window-signals.Slot+time.Duration(i)*time.Second))
		if err != nil || len(table) != people {
			b.Fatalf("got %d people, %v, want %d", len(table), err, people)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(time.Second)/float64(b.N), "of-a-second/refresh")
}

// heap is how many bytes are in use.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// aSecond is what one process counts in a second: some people's events.
func aSecond(draw *rand.Rand, number uint64, at time.Time, people, events int) signals.Batch {
	counted := map[int]*signals.Tally{}
	for i := range events {
		who := (int(number)*events + i) % people
		t := counted[who]
		if t == nil {
			t = &signals.Tally{Who: signals.Who{Subject: fmt.Sprintf("0190a000-0000-7000-8000-%012d", who)}, Slot: at.Truncate(signals.Slot)}
			counted[who] = t
		}
		t.Requests++
		if i%5 == 0 {
			t.Patients = append(t.Patients, fmt.Sprintf("0190b000-0000-7000-8000-%012d", draw.IntN(30)+who))
		}
	}
	b := signals.Batch{Origin: "another", Number: number}
	for _, t := range counted {
		b.Tallies = append(b.Tallies, *t)
	}
	return b
}
