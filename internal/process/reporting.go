package process

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/strictjson"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/api"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
)

// openReporting has what only this process sees counted at the decision point.
func (a *Process) openReporting() {
	a.reporting = signals.New(countedElsewhere{a}, a.log.With("part", "signals"))
	a.inBackground(func(ctx context.Context) { a.reporting.Run(ctx, time.Now, nil) })
}

// unreported is for how long something may have been seen that the decision
// point has not counted.
func (a *Process) unreported(now time.Time) time.Duration {
	if r := a.reporting.Reading(now); r.State != pip.Unknown {
		return r.Age
	}
	return max(now.Sub(a.started), 0)
}

// unseen counts what the decision point elsewhere has not seen: answers, and
// what was refused before it was asked.
type unseen struct{ signals *signals.Source }

// Observe passes on what is to be counted.
func (u unseen) Observe(o *pip.Observation) {
	if o.Of == pip.ConductAnswer || o.Of == pip.ConductRequest && !o.Decided {
		u.signals.Observe(o)
	}
}

// reporting tells the decision point with each question how old its knowledge
// of this process is: a report that does not arrive must not pass for good
// behaviour.
type reporting struct {
	pdp.Decider
	app *Process
}

// Decide asks.
func (r reporting) Decide(ctx context.Context, q pdp.Request) (pdp.Decision, error) {
	q.Context.Unreported = r.app.unreported(time.Now())
	return r.Decider.Decide(ctx, q)
}

// countedElsewhere is the store of signals at the decision point, as far as an
// enforcement point needs it: to add to.
type countedElsewhere struct{ app *Process }

var _ signals.Store = countedElsewhere{}

// Add sends a batch. The decision point keeps it once.
func (c countedElsewhere) Add(ctx context.Context, b signals.Batch) error {
	tallies, err := json.Marshal(b.Tallies)
	if err != nil {
		return err
	}
	return c.app.elsewhere.Report(ctx, pdp.Counted{Origin: b.Origin, Number: b.Number, Tallies: tallies})
}

// Counts knows nobody: what counts are for is decided elsewhere.
func (countedElsewhere) Counts(context.Context, time.Time) (map[signals.Who]pip.Signals, error) {
	return map[signals.Who]pip.Signals{}, nil
}

// Habits knows none.
func (countedElsewhere) Habits(context.Context, time.Time) (map[string]signals.Habit, error) {
	return map[string]signals.Habit{}, nil
}

// countingHere keeps what enforcement points elsewhere have counted.
type countingHere struct{ store signals.Store }

const (
	maxReported   = 200_000 // tallies of one report
	maxReportedID = 64
	maxAhead      = time.Minute // by a clock elsewhere; what lies in the future would count until then
)

// Count adds a batch to the store.
func (c countingHere) Count(ctx context.Context, seen pdp.Counted) error {
	b := signals.Batch{Origin: seen.Origin, Number: seen.Number}
	if err := strictjson.Decode(seen.Tallies, &b.Tallies); err != nil {
		return fmt.Errorf("%w: its tallies: %w", api.ErrUncountable, err)
	}
	if err := checkCounted(&b, time.Now()); err != nil {
		return err
	}
	return c.store.Add(ctx, b)
}

// checkCounted refuses what no enforcement point counts: a slip would be there
// for as long as it is remembered.
func checkCounted(b *signals.Batch, now time.Time) error {
	if b.Origin == "" || len(b.Origin) > maxReportedID || b.Number == 0 || len(b.Tallies) == 0 || len(b.Tallies) > maxReported {
		return fmt.Errorf("%w: its origin, number or length is none", api.ErrUncountable)
	}
	for i := range b.Tallies {
		t := &b.Tallies[i]
		switch {
		case (t.Subject == "") == (t.Address == "") || len(t.Subject) > maxReportedID || len(t.Address) > maxReportedID:
			return fmt.Errorf("%w: tally %d is about nobody, or two", api.ErrUncountable, i)
		case !t.Slot.Equal(t.Slot.Truncate(signals.Slot)) || t.Slot.Sub(now) > maxAhead || now.Sub(t.Slot) > signals.Remembered:
			return fmt.Errorf("%w: tally %d is of no slot", api.ErrUncountable, i)
		}
		if figures := t.Figures(); slices.Min(figures[:]) < 0 {
			return fmt.Errorf("%w: tally %d counts less than nothing", api.ErrUncountable, i)
		}
		for kind, n := range t.External {
			if !config.IsReportKind(kind) || n < 0 {
				return fmt.Errorf("%w: tally %d has an event of no kind", api.ErrUncountable, i)
			}
		}
		for _, list := range [][]string{t.Accounts, t.Patients, t.Countries} {
			for _, id := range list {
				if id == "" || len(id) > maxReportedID {
					return fmt.Errorf("%w: tally %d names nobody", api.ErrUncountable, i)
				}
			}
		}
	}
	return nil
}
