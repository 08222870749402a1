package signals

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// A Memory is a Store that forgets everything when its process ends: for
// measurements and tests. Its zero value is ready.
type Memory struct {
	mu      sync.Mutex
	added   map[string]uint64 // origin -> newest batch
	tallies []Tally
}

var _ Store = (*Memory)(nil)

// Add keeps a batch, once.
func (m *Memory) Add(_ context.Context, b Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.added == nil {
		m.added = map[string]uint64{}
	}
	if b.Number <= m.added[b.Origin] {
		return nil
	}
	m.added[b.Origin] = b.Number
	m.tallies = append(m.tallies, b.Tallies...)
	return nil
}

// Counts adds everything up, and forgets what no habit needs.
func (m *Memory) Counts(_ context.Context, now time.Time) (map[Who]pip.Signals, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tallies = slices.DeleteFunc(m.tallies, func(t Tally) bool { return now.Sub(t.Slot) > Remembered })
	sums := map[Who]*sum{}
	window := Since(now, Window)
	for i := range m.tallies {
		t := &m.tallies[i]
		if !t.Slot.After(window) {
			continue
		}
		if sums[t.Who] == nil {
			sums[t.Who] = newSum(pip.Signals{}, nil)
		}
		sums[t.Who].add([]*Tally{t}, now)
	}
	table := make(map[Who]pip.Signals, len(sums))
	for who, s := range sums {
		table[who] = s.signals()
	}
	return table, nil
}

// Habits sorts the hours of each subject.
func (m *Memory) Habits(_ context.Context, now time.Time) (map[string]Habit, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	this := now.UTC().Truncate(time.Hour)
	hours := map[string]map[time.Time]map[string]struct{}{}
	countries := map[string]map[string]struct{}{}
	for i := range m.tallies {
		t := &m.tallies[i]
		if t.Subject == "" || now.Sub(t.Slot) > Remembered {
			continue
		}
		if countries[t.Subject] == nil {
			countries[t.Subject] = map[string]struct{}{}
		}
		include(countries[t.Subject], t.Countries, nil, time.Time{})
		hour := t.Slot.Truncate(time.Hour)
		if len(t.Patients) == 0 || !hour.Before(this) {
			continue
		}
		if hours[t.Subject] == nil {
			hours[t.Subject] = map[time.Time]map[string]struct{}{}
		}
		hours[t.Subject][hour] = include(hours[t.Subject][hour], t.Patients, nil, time.Time{})
	}
	habits := map[string]Habit{}
	for subject, known := range countries {
		h := Habit{Countries: slices.Sorted(maps.Keys(known))}
		var counts []int
		for _, patients := range hours[subject] {
			counts = append(counts, len(patients))
		}
		slices.Sort(counts)
		h.Patients = Percentile(counts)
		if h.Patients > 0 || len(h.Countries) > 0 {
			habits[subject] = h
		}
	}
	return habits, nil
}
