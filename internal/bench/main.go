// Command bench measures Wardgate against what its users would otherwise run,
// in one go on one machine, and prints ratios: a bare Go reverse proxy on the
// same backend, and nginx asking an OPA server about the same rule book. Only
// ratios from one run mean anything.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"testing"
	"time"
)

func main() {
	round := flag.Duration("round", 2*time.Second, "length of one measurement")
	rounds := flag.Int("rounds", 3, "measurements of each contestant; the best counts")
	turn := flag.Duration("growth", 250*time.Millisecond, "length of one measurement of growth; 0 measures none")
	records := flag.Int("records", 100_000, "records of the journal that is replayed")
	only := flag.Bool("growth-only", false, "measure the decision, its growth and the replay alone")
	flag.Parse()
	if err := run(*round, *rounds, *turn, *records, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// gcPercent is what `wardgate up` runs at, for all contestants of this process.
const gcPercent = 800

func run(round time.Duration, rounds int, turn time.Duration, records int, growthOnly bool) error {
	debug.SetGCPercent(gcPercent)
	dir, err := os.MkdirTemp("", "wardgate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	w, err := newWard(dir)
	if err != nil {
		return err
	}
	defer w.close()
	printDecision(w)
	if turn > 0 {
		if err := printGrowth(w, dir, turn); err != nil {
			return err
		}
	}
	if err := printReplay(w, dir, records); err != nil {
		return err
	}
	if growthOnly {
		return nil
	}
	if err := printProofs(); err != nil {
		return err
	}
	if turn > 0 {
		if err := printShadow(w, turn); err != nil {
			return err
		}
	}
	return compare(w, dir, round, rounds)
}

func printDecision(w *ward) {
	same := func(int) string { return patientID }
	for _, m := range []struct {
		name    string
		patient func(i int) string
		turn    int64
	}{
		{"one decision, remembered", same, 0},
		{"remembered, another patient each time", strconv.Itoa, 0},
		{"one decision in full, the whole rule book", strconv.Itoa, 1},
	} {
		failed := 0
		r := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				w.turn.Add(m.turn)
				request := w.request()
				request.Resource.ID = m.patient(i)
				if d, err := w.engine.Decide(context.Background(), request); err != nil || !d.Allow {
					failed++
				}
			}
		})
		if failed > 0 {
			fmt.Printf("%s: %d were not decided in time\n", m.name, failed)
		}
		fmt.Printf("%-46s %7d ns, %4d allocations, %6d bytes (facts gathered)\n",
			m.name, r.NsPerOp(), r.AllocsPerOp(), r.AllocedBytesPerOp())
	}
	fmt.Println()
}

// A contestant serves the same request in its own way.
type contestant struct {
	name    string
	url     string
	absent  string // why it cannot be measured
	started func() // stops what was started for it
	best    float64
}

func compare(w *ward, dir string, round time.Duration, rounds int) error {
	contestants := []*contestant{
		{name: "backend, direct", url: w.backend},
		{name: "bare httputil.ReverseProxy", url: w.bare},
		{name: "wardgate, checks alone", url: w.checks},
		{name: "wardgate, journalled durably", url: w.durable},
		startNginx(w, dir),
	}
	for range rounds {
		for _, c := range contestants {
			if c.absent != "" {
				continue
			}
			rate, err := load(c.url, w.token, round)
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			c.best = max(c.best, rate)
		}
	}
	bare := contestants[1].best
	fmt.Printf("%-46s %10s %8s\n", fmt.Sprintf("%d connections, 1 KiB answers", connections), "requests/s", "ratio")
	for _, c := range contestants {
		if c.started != nil {
			c.started()
		}
		if c.absent != "" {
			fmt.Printf("%-46s not measured: %s\n", c.name, c.absent)
			continue
		}
		fmt.Printf("%-46s %10.0f %8.2f\n", c.name, c.best, c.best/bare)
	}
	printGoals(contestants)
	return nil
}

func printGoals(c []*contestant) {
	fmt.Printf("\ndurable against checks alone: %.2f\n", c[3].best/c[2].best)
	if nginx := c[4]; nginx.absent == "" {
		fmt.Printf("checks alone against nginx with OPA: %.1fx; everything on: %.1fx\n",
			c[2].best/nginx.best, c[3].best/nginx.best)
	}
}
