// Package rebuild makes counts of behaviour again from the journal when the file
// that kept them is lost. Until the windows are whole, behaviour is unknown, and
// never low; habits follow while people work.
package rebuild

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/wardgate/wardgate/internal/durable"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/signals"
)

const (
	// marker stands beside the counts until lost ones are whole again.
	marker = "signals.rebuilding"
	// atOnce is how many events are counted before the store gets them.
	atOnce = 5000
)

// A Past is the journal as it stood at the start: what came later is counted as
// it comes.
type Past interface {
	// Recorded reports whether there is anything in it.
	Recorded() bool
	// Events are those of a kind ("" for all), from a time on, up to another one
	// (zero for the end), with what their denials are of.
	Events(ctx context.Context, kind pip.Kind, since, until time.Time) iter.Seq2[*pip.Event, error]
}

// Lost are counts that are to be made again.
type Lost struct {
	past   Past
	marker string
}

// Find returns what is to be made again: nil when the file of the counts is
// there, or when the journal holds nothing to make them from. A file that was
// only begun is removed and begun anew, because it does not show what it lacks.
func Find(file string, past Past) (*Lost, error) {
	lost := &Lost{past: past, marker: filepath.Join(filepath.Dir(file), marker)}
	there, err := exists(file)
	if err != nil {
		return nil, err
	}
	begun, err := exists(lost.marker)
	if err != nil {
		return nil, err
	}
	if there && !begun || !past.Recorded() {
		return nil, nil
	}
	if err := durable.WriteFile(lost.marker, nil, 0o600); err != nil {
		return nil, err
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := durable.Remove(file + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return lost, nil
}

func exists(file string) (bool, error) {
	_, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// A Builder counts again. All its fields are required.
type Builder struct {
	Lost    *Lost
	Store   signals.Store
	Journal pip.Journal
	Log     *slog.Logger
}

// Windows makes the counts of the windows again, and begins with habits. It
// returns when the counts can be trusted; wait returns when all is done.
func (b *Builder) Windows(ctx context.Context) (wait func()) {
	var habits sync.WaitGroup
	now := time.Now()
	counted, err := b.count(ctx, now.Add(-signals.Window-signals.Slot), time.Time{}, everything())
	habits.Go(func() { b.habits(ctx, now, counted, err) })
	if err != nil {
		// Counts that begin anew are low, and known only once a window is of them alone.
		select {
		case <-ctx.Done():
		case <-time.After(signals.Window):
		}
	}
	return habits.Wait
}

// habits counts what is older than the windows, and says what became of it all.
func (b *Builder) habits(ctx context.Context, now time.Time, counted int, failed error) {
	older := 0
	if failed == nil {
		older, failed = b.count(ctx, now.Add(-signals.Remembered), now.Add(-signals.Window-signals.Slot), habitual())
	}
	if ctx.Err() != nil {
		return // the next start begins it anew
	}
	e := pip.Event{
		Kind: pip.KindSystem, Time: time.Now(), Action: "signals.rebuild", Outcome: "success", Count: counted + older,
		Detail: "counts of behaviour were lost",
	}
	if failed != nil {
		b.Log.Error("lost counts of behaviour are not made again; they begin anew", "error", failed)
		e.Outcome = "failure"
	} else {
		b.Log.Warn("counts of behaviour were lost, and are made again from the journal", "events", e.Count)
	}
	if err := b.Journal.Append(context.WithoutCancel(ctx), e); err != nil {
		b.Log.Error("that counts were made again is not journalled", "error", err)
	}
	if err := durable.Remove(b.Lost.marker); err != nil {
		b.Log.Error("lost counts will be made again at the next start", "error", err)
	}
}

// A selection is what of the journal is counted again, and as what.
type selection struct {
	kinds []pip.Kind
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

// count counts events into the store, from a time on and up to another one, and
// returns how many.
func (b *Builder) count(ctx context.Context, since, until time.Time, selected selection) (counted int, err error) {
	source := signals.New(b.Store, b.Log)
	keep := func() error {
		if err := source.Refresh(ctx, time.Now()); err != nil {
			return fmt.Errorf("count again: %w", err)
		}
		return nil
	}
	for _, kind := range selected.kinds {
		for e, err := range b.Lost.past.Events(ctx, kind, since, until) {
			if err != nil {
				return counted, err
			}
			if !selected.as(e) {
				continue
			}
			seen := e.Observation()
			source.Observe(&seen)
			if counted++; counted%atOnce == 0 {
				if err := keep(); err != nil {
					return counted, err
				}
			}
		}
	}
	return counted, keep()
}
