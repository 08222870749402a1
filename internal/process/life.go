package process

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// A life is the Run and the Close of one part: what its constructor has it do in
// the background, and what is given back at the end.
type life struct {
	log     *slog.Logger
	workers []func(ctx context.Context)
	sweeps  []sweep
	closers []func() error
}

// A sweep forgets what is over of one thing.
type sweep struct {
	what string
	do   func(ctx context.Context) error
}

func (l *life) onClose(f func() error)                      { l.closers = append(l.closers, f) }
func (l *life) inBackground(work func(ctx context.Context)) { l.workers = append(l.workers, work) }
func (l *life) onSweep(what string, do func(ctx context.Context) error) {
	l.sweeps = append(l.sweeps, sweep{what, do})
}

// Run works until the context ends, and returns when all of the work has.
func (l *life) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, work := range l.workers {
		all.Go(func() { work(ctx) })
	}
	if len(l.sweeps) > 0 {
		all.Go(func() { l.sweep(ctx) })
	}
	all.Wait()
}

// sweep forgets what is over, once a minute.
func (l *life) sweep(ctx context.Context) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, one := range l.sweeps {
			if err := one.do(ctx); err != nil {
				l.log.Warn("what is over is not forgotten", "of", one.what, "error", err)
			}
		}
	}
}

// Close gives back what was opened, the newest first.
func (l *life) Close() error {
	var faults []error
	for i := len(l.closers) - 1; i >= 0; i-- {
		faults = append(faults, l.closers[i]())
	}
	l.closers = nil
	return errors.Join(faults...)
}
