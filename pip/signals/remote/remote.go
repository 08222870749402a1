// Package remote counts behaviour at a decision point in another process: a
// Reporter sends what only an enforcement point sees, and Read takes it there.
package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
)

// Send brings a batch to the decision point, which keeps it once.
type Send func(ctx context.Context, origin string, number uint64, tallies []byte) error

// A Reporter counts what the decision point does not see: answers, and what was
// refused before it was asked.
type Reporter struct {
	source  *signals.Source
	started time.Time
}

// NewReporter returns a Reporter, which sends nothing before Run.
func NewReporter(send Send, log *slog.Logger) *Reporter {
	return &Reporter{source: signals.New(store{send}, log), started: time.Now()}
}

// Run reports until the context ends.
func (r *Reporter) Run(ctx context.Context) { r.source.Run(ctx, time.Now, nil) }

// Observe counts an event, unless the decision point has seen it.
func (r *Reporter) Observe(o *pip.Observation) {
	if o.Of == pip.ConductAnswer || o.Of == pip.ConductRequest && !o.Decided {
		r.source.Observe(o)
	}
}

// Waits is for how long something may have been seen that the decision point has
// not counted.
func (r *Reporter) Waits(now time.Time) time.Duration {
	if at := r.source.Reading(now); at.State != pip.Unknown {
		return at.Age
	}
	return max(now.Sub(r.started), 0)
}

// A store is that of the decision point, as far as an enforcement point needs
// it: to add to.
type store struct{ send Send }

var _ signals.Store = store{}

// Add sends a batch.
func (s store) Add(ctx context.Context, b signals.Batch) error {
	tallies, err := json.Marshal(b.Tallies)
	if err != nil {
		return err
	}
	return s.send(ctx, b.Origin, b.Number, tallies)
}

// Counts is empty: what counts are for is decided at the decision point.
func (store) Counts(context.Context, time.Time) (map[signals.Who]pip.Signals, error) {
	return map[signals.Who]pip.Signals{}, nil
}

// Habits is empty too.
func (store) Habits(context.Context, time.Time) (map[string]signals.Habit, error) {
	return map[string]signals.Habit{}, nil
}

const (
	maxTallies = 200_000 // of one report
	maxID      = 64
	maxAhead   = time.Minute // by another machine's clock; what lies in the future would count until then
)

// ErrUncountable says that a report makes no sense.
var ErrUncountable = errors.New("not countable")

// Read reads what a Reporter has sent. It refuses what no enforcement point
// counts: a slip would be there for as long as it is remembered.
func Read(origin string, number uint64, tallies []byte, now time.Time) (signals.Batch, error) {
	b := signals.Batch{Origin: origin, Number: number}
	if err := strictjson.Decode(tallies, &b.Tallies); err != nil {
		return b, fmt.Errorf("%w: its tallies: %w", ErrUncountable, err)
	}
	return b, check(&b, now)
}

func check(b *signals.Batch, now time.Time) error {
	if b.Origin == "" || len(b.Origin) > maxID || b.Number == 0 || len(b.Tallies) == 0 || len(b.Tallies) > maxTallies {
		return fmt.Errorf("%w: its origin, number or length is none", ErrUncountable)
	}
	for i := range b.Tallies {
		if err := checkTally(&b.Tallies[i], now); err != nil {
			return fmt.Errorf("%w: tally %d %w", ErrUncountable, i, err)
		}
	}
	return nil
}

func checkTally(t *signals.Tally, now time.Time) error {
	switch {
	case (t.Subject == "") == (t.Address == "") || len(t.Subject) > maxID || len(t.Address) > maxID:
		return errors.New("is about neither a subject nor an address, or about both")
	case !t.Slot.Equal(t.Slot.Truncate(signals.Slot)) || t.Slot.Sub(now) > maxAhead || now.Sub(t.Slot) > signals.Remembered:
		return errors.New("is of no slot")
	}
	if figures := t.Figures(); slices.Min(figures[:]) < 0 {
		return errors.New("counts less than nothing")
	}
	for kind, n := range t.External {
		if !signals.IsKind(kind) || n < 0 {
			return errors.New("has an event of no kind")
		}
	}
	for _, list := range [][]string{t.Accounts, t.Patients, t.Countries} {
		for _, id := range list {
			if id == "" || len(id) > maxID {
				return errors.New("has an empty or too long id")
			}
		}
	}
	return nil
}
