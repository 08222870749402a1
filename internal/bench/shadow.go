package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing/fstest"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/shadow"
	"github.com/wardgate/wardgate/pep/route"
)

// shadowTurns are many and short, so that some meet no other work of the machine: what
// interrupts a decision otherwise is told by a p99 first.
const shadowTurns = 35

// printShadow measures the slowest hundredth of decisions with a candidate beside the
// live book, and without, in turns.
func printShadow(w *ward, turn time.Duration) error {
	s, alone, beside, err := w.shadowed()
	if err != nil {
		return fmt.Errorf("shadow: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); s.Run(ctx) }()
	defer func() { stop(); <-done }()
	for begun := time.Now(); s.Status().State != shadow.Comparing; time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > time.Minute {
			return fmt.Errorf("shadow: it is %s: %s", s.Status().State, s.Status().Error)
		}
	}
	var best [2]time.Duration
	for range shadowTurns {
		for i, e := range []*engine.Engine{alone, beside} {
			p99, err := slowest(w.decides(e, true, nil), turn)
			if err != nil {
				return fmt.Errorf("shadow: %w", err)
			}
			if best[i] == 0 || p99 < best[i] {
				best[i] = p99
			}
		}
	}
	status := s.Status()
	if status.Asked == 0 {
		return errors.New("shadow: the candidate was asked nothing")
	}
	fmt.Printf("\n%-46s %7.0f us -> %-7.0f us %6.2f  (the candidate was asked %d times, dropped %d)\n", "p99 of a decision in full, shadow beside it",
		best[0].Seconds()*1e6, best[1].Seconds()*1e6, float64(best[1])/float64(best[0]), status.Asked, status.Dropped)
	return nil
}

// shadowed are two engines by the built-in book, and a shadow that hears of what the
// second decides.
func (w *ward) shadowed() (s *shadow.Shadow, alone, beside *engine.Engine, err error) {
	book, err := bookWith(func(fstest.MapFS) {})
	if err != nil {
		return nil, nil, nil, err
	}
	files, err := rulebook.ReadRules(book)
	if err != nil {
		return nil, nil, nil, err
	}
	live, err := engine.Load(files, points.Sections())
	if err != nil {
		return nil, nil, nil, err
	}
	silent := slog.New(slog.DiscardHandler)
	alone = engine.NewFrom(live, w.sources, nil, silent, engine.Config{})
	s = shadow.New(shadow.Config{
		Source: "candidate", Read: func() (rulebook.Files, error) { return files, nil }, Points: points.Sections(), Log: silent,
		Routes: func(t *pdp.Tables) (analysis.Router, error) { return route.Recorded(t) },
		Live:   alone.Tables,
	})
	if live, err = engine.Load(files, points.Sections()); err != nil {
		return nil, nil, nil, err
	}
	return s, alone, engine.NewFrom(live, w.sources, nil, silent, engine.Config{Decided: s.Offer}), nil
}

// slowest is what the slowest hundredth of the askings of a turn takes at least.
func slowest(ask func() error, turn time.Duration) (time.Duration, error) {
	var all []time.Duration
	for begun := time.Now(); time.Since(begun) < turn; {
		asked := time.Now()
		if err := ask(); err != nil {
			return 0, err
		}
		all = append(all, time.Since(asked))
	}
	slices.Sort(all)
	return all[len(all)*99/100], nil
}
