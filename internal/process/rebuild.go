package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/signals"
)

const (
	countsFile = "signals.db"
	// rebuildingFile stands in the data folder until lost counts are whole again.
	rebuildingFile = "signals.rebuilding"
	// rebuiltAtOnce is how many events are counted before the store gets them.
	rebuiltAtOnce = 5000
)

// lostCounts are to be made again from the journal, as it stood at the start:
// what came later is counted as it comes.
type lostCounts struct {
	journal string // folder
	upTo    uint64
}

// lostCounts returns what is to be made again: nil when the counts are there, or
// when there is no journal that they could be made from. A file that was only
// begun is begun anew, because nobody can tell what it lacks.
func (a *Process) lostCounts() (*lostCounts, error) {
	_, err := os.Stat(a.data.path(countsFile))
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if _, err := os.Stat(a.data.path(rebuildingFile)); there && errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	lost := &lostCounts{journal: a.config.AuditConfig().Dir}
	head, err := reader.HeadOf(lost.journal)
	if err != nil || head.Seq == 0 {
		return nil, nil // whether a journal that does not open may be missing is said where it is opened
	}
	lost.upTo = head.Seq
	if err := os.WriteFile(a.data.path(rebuildingFile), nil, 0o600); err != nil {
		return nil, err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(a.data.path(countsFile + suffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return lost, nil
}

// watchBehaviour refreshes the counts until the context ends. Lost ones of the
// windows are made again first: until then behaviour is unknown, and never low.
// Habits follow while people work.
func (a *Process) watchBehaviour(ctx context.Context, ticked func(context.Context)) {
	if a.lost != nil {
		var habits sync.WaitGroup
		defer habits.Wait()
		now := time.Now()
		window, err := a.rebuild(ctx, now.Add(-signals.Window-signals.Slot), time.Time{}, everything)
		habits.Go(func() { a.rebuildHabits(ctx, now, window, err) })
		if err != nil {
			// Counts that begin anew are low, and known only once a window is of them alone.
			select {
			case <-ctx.Done():
			case <-time.After(signals.Window):
			}
		}
	}
	a.behaviour.Run(ctx, time.Now, ticked)
}

// rebuildHabits counts what is older than the windows, and says what became of
// it all.
func (a *Process) rebuildHabits(ctx context.Context, now time.Time, counted int, failed error) {
	older := 0
	if failed == nil {
		older, failed = a.rebuild(ctx, now.Add(-signals.Remembered), now.Add(-signals.Window-signals.Slot), habitual)
	}
	if ctx.Err() != nil {
		return // the next start begins it anew
	}
	e := pip.Event{
		Kind: pip.KindSystem, Time: time.Now(), Action: "signals.rebuild", Outcome: "success", Count: counted + older,
		Detail: "counts of behaviour were lost",
	}
	if failed != nil {
		a.log.Error("lost counts of behaviour are not made again; they begin anew", "error", failed)
		e.Outcome = "failure"
	} else {
		a.log.Warn("counts of behaviour were lost, and are made again from the journal", "events", e.Count)
	}
	if err := a.journal.Append(context.WithoutCancel(ctx), e); err != nil {
		a.log.Error("that counts were made again is not journalled", "error", err)
	}
	if err := os.Remove(a.data.path(rebuildingFile)); err != nil {
		a.log.Error("lost counts will be made again at the next start", "error", err)
	}
}

// A selection is what of the journal is counted again, and as what.
type selection struct {
	kinds []pip.Kind // none for all
	as    func(*pip.Event) bool
}

// everything counts as it counted.
func everything() selection {
	return selection{[]pip.Kind{""}, func(*pip.Event) bool { return true }}
}

// habitual is what habits are made of, by the hour.
func habitual() selection {
	return selection{[]pip.Kind{pip.KindOutcome, pip.KindSession}, func(e *pip.Event) bool {
		e.Time = e.Time.Truncate(time.Hour)
		return e.Kind == pip.KindOutcome && len(e.Patients) > 0 || e.Action == "session.create" && e.Allow
	}}
}

// rebuild counts events of the journal into the store, from a time on and up to
// another one, and returns how many.
func (a *Process) rebuild(ctx context.Context, since, until time.Time, what func() selection) (counted int, err error) {
	from, err := reader.Around(a.lost.journal, since)
	if err != nil {
		return 0, err
	}
	source, selected := signals.New(a.counts, a.log), what()
	keep := func() error {
		if err := source.Refresh(ctx, time.Now()); err != nil {
			return fmt.Errorf("count again: %w", err)
		}
		return nil
	}
	for _, kind := range selected.kinds {
		for r, err := range reader.Query(ctx, a.lost.journal, reader.Filter{From: from, Kind: kind, Since: since, Until: until}) {
			if err != nil {
				return counted, err
			}
			if r.Seq > a.lost.upTo {
				break
			}
			if !selected.as(&r.Event) {
				continue
			}
			if err := r.Event.Recall(a.engine.Tables().Reasons.Denial); err != nil {
				return counted, err
			}
			seen := r.Event.Observation()
			source.Observe(&seen)
			if counted++; counted%rebuiltAtOnce == 0 {
				if err := keep(); err != nil {
					return counted, err
				}
			}
		}
	}
	return counted, keep()
}
