package sqlstore_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
	"github.com/wardgate/wardgate/pip/signals/signalstest"
	"github.com/wardgate/wardgate/pip/signals/sqlstore"
)

func open(t *testing.T) *sqlstore.Store {
	t.Helper()
	s, err := sqlstore.Open(context.Background(), filepath.Join(t.TempDir(), "signals.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStoreKeepsTheContract(t *testing.T) {
	signalstest.Run(t, func(t *testing.T) signals.Store { return open(t) })
}

// TestSweepLeavesWindowsAndHabits: what is dropped was counted by nobody.
func TestSweepLeavesWindowsAndHabits(t *testing.T) {
	s, now := open(t), time.Date(2026, 3, 2, 12, 30, 5, 0, time.UTC)
	doctor := signals.Who{Subject: "u-doctor"}
	for i := range signals.HabitHours + 1 {
		slot := now.Add(-time.Duration(i) * 24 * time.Hour).Truncate(signals.Slot)
		b := signals.Batch{Origin: "a", Number: uint64(i + 1), Tallies: []signals.Tally{{
			Who: doctor, Slot: slot, Counts: signals.Counts{Requests: 1}, Patients: []string{"p-1", "p-2"}, Countries: []string{"DE"},
		}}}
		if err := s.Add(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		got, err := s.Counts(t.Context(), now)
		if err != nil || got[doctor].Requests != 1 || got[doctor].Patients != 2 {
			t.Errorf("got %+v, %v, want 1 request and 2 patients", got, err)
		}
		habits, err := s.Habits(t.Context(), now)
		if err != nil || habits["u-doctor"].Patients != 2 || len(habits["u-doctor"].Countries) != 1 {
			t.Errorf("got %+v, %v, want 2 patients and a country", habits, err)
		}
		if err := s.Sweep(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
}
