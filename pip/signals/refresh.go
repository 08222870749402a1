package signals

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wardgate/wardgate/pip"
)

const (
	refreshEvery   = time.Second
	refreshTimeout = 5 * time.Second
	habitsEvery    = 5 * time.Minute
)

// Run refreshes the table each second, until the context ends. ticked, if it
// is not nil, is called after each attempt. At the end what was counted is
// kept once more.
func (s *Source) Run(ctx context.Context, now func() time.Time, ticked func(context.Context)) {
	ticker := time.NewTicker(refreshEvery)
	defer ticker.Stop()
	var habits time.Time
	failing := false
	for {
		err := s.refreshWithin(ctx, now())
		if err == nil && now().Sub(habits) >= habitsEvery {
			if err = s.RefreshHabits(ctx, now()); err == nil {
				habits = now()
			}
		}
		if (err != nil) != failing && ctx.Err() == nil {
			failing = err != nil
			s.report(err)
		}
		if ticked != nil {
			ticked(ctx)
		}
		select {
		case <-ctx.Done():
			if err := s.refreshWithin(context.WithoutCancel(ctx), now()); err != nil {
				s.log.Warn("the last signals were not kept", "error", err)
			}
			return
		case <-ticker.C:
		}
	}
}

// report tells of the first failure and of its end, not of each second between.
func (s *Source) report(err error) {
	if err != nil {
		s.log.Warn("signals are not refreshed; this process's own events go on counting", "error", err)
		return
	}
	s.log.Info("signals are refreshed again")
}

func (s *Source) refreshWithin(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	return s.Refresh(ctx, now)
}

// Refresh gives the store what was counted since the last time, and takes the
// table that it makes of everything. With an error the old table stays, the
// counts of this process stay beside it, and its age grows.
func (s *Source) Refresh(ctx context.Context, now time.Time) error {
	s.refreshing.Lock()
	defer s.refreshing.Unlock()
	for _, b := range s.take(now) {
		if b.added {
			continue
		}
		if err := s.store.Add(ctx, b.Batch); err != nil {
			return fmt.Errorf("keep signals: %w", err)
		}
		b.added = true
	}
	table, err := s.store.Counts(ctx, now)
	if err != nil {
		return fmt.Errorf("count signals: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.table, s.refreshed = table, now
	s.settle(now)
	return nil
}

// settle needs s.mu. The table now counts what was added.
func (s *Source) settle(now time.Time) {
	for _, b := range s.batches {
		for i := range b.Tallies {
			if !b.added {
				break
			}
			t := &b.Tallies[i]
			if len(t.Accounts) == 0 && len(t.Patients) == 0 {
				continue
			}
			if s.given[t.Who] == nil {
				s.given[t.Who] = &given{}
			}
			s.given[t.Who].keep(t)
		}
	}
	s.batches = slices.DeleteFunc(s.batches, func(b *batch) bool { return b.added })
	window := Since(now, Window)
	maps.DeleteFunc(s.given, func(_ Who, g *given) bool { return g.forget(window) })
}

// take makes a batch of what was counted, and returns all that the table lacks.
// While the store does not answer batches wait, those of the same slot as one.
func (s *Source) take(now time.Time) []*batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropOld(now)
	if s.held > 0 {
		s.number++
		b := &batch{Batch: Batch{Origin: s.origin, Number: s.number}, byWho: s.own}
		b.Tallies = make([]Tally, 0, s.held)
		for _, tallies := range s.own {
			for _, t := range tallies {
				b.Tallies = append(b.Tallies, *t)
			}
		}
		s.batches = append(s.batches, b)
		s.own, s.held = map[Who][]*Tally{}, 0
	}
	return slices.Clone(s.batches)
}

// dropOld needs s.mu. What left the window while the store did not answer is
// lost to the habits, and to nothing else.
func (s *Source) dropOld(now time.Time) {
	window := Since(now, Window)
	s.batches = slices.DeleteFunc(s.batches, func(b *batch) bool {
		return !slices.ContainsFunc(b.Tallies, func(t Tally) bool { return t.Slot.After(window) })
	})
	waiting := 0
	for i := len(s.batches) - 1; i >= 0; i-- {
		if waiting += len(s.batches[i].Tallies); waiting > maxTallies {
			s.batches = s.batches[i+1:]
			return
		}
	}
}

// RefreshHabits takes what is usual from the store.
func (s *Source) RefreshHabits(ctx context.Context, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	habits, err := s.store.Habits(ctx, now)
	if err != nil {
		return fmt.Errorf("read habits: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.habits = habits
	return nil
}

// Reading tells how old the table is at now.
func (s *Source) Reading(now time.Time) pip.Reading {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.reading(now)
}
