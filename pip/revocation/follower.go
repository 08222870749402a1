package revocation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// A Feed repeats, faster and to many, what its authority says. It answers only
// while a process keeps it in step with the authority; else it is an error.
type Feed interface {
	Authority

	// Watch calls ring whenever there may be something new, until the context
	// ends or the feed breaks.
	Watch(ctx context.Context, ring func()) error
}

// Pace says how often a Follower asks. A zero field takes its default.
type Pace struct {
	Every   time.Duration // the feed, and without one the authority; 500 ms
	Confirm time.Duration // the authority, while the feed answers; 10 s
	Timeout time.Duration // of one question; 800 ms
}

func (p Pace) withDefaults() Pace {
	if p.Every <= 0 {
		p.Every = 500 * time.Millisecond
	}
	if p.Confirm <= 0 {
		p.Confirm = 10 * time.Second
	}
	if p.Timeout <= 0 {
		p.Timeout = 800 * time.Millisecond
	}
	return p
}

// A Follower keeps a List as new as its authority. Without a feed, or while the
// feed is silent, it asks the authority; the feed alone keeps the list fresh
// too, but never lifts anything.
type Follower struct {
	list      *List
	authority Authority
	feed      Feed // nil for none
	pace      Pace
	log       *slog.Logger

	fed  atomic.Bool   // the feed answered the newest question
	kick chan struct{} // asks the authority at once

	mu   sync.Mutex // one question to the authority at a time
	mark pip.Mark   // of the authority's newest answer

	fedMark pip.Mark // of the feed's newest answer
	silent  bool     // the authority did not answer the newest question
}

// NewFollower returns a follower that Run sets to work. The feed may be nil.
func NewFollower(list *List, authority Authority, feed Feed, pace Pace, log *slog.Logger) *Follower {
	return &Follower{
		list: list, authority: authority, feed: feed, pace: pace.withDefaults(), log: log,
		kick: make(chan struct{}, 1),
	}
}

// Fed reports whether the feed answers.
func (f *Follower) Fed() bool { return f.fed.Load() }

// Ask asks the authority once, and waits for the answer.
func (f *Follower) Ask(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	in := f.list.Inquire()
	r, err := f.authority.Snapshot(ctx, f.mark)
	if err != nil {
		return fmt.Errorf("ask who is cut off: %w", err)
	}
	if err := f.list.Restore(in, r); err != nil {
		return fmt.Errorf("take in who is cut off: %w", err)
	}
	f.mark = r.Mark
	return nil
}

// Run follows until the context ends.
func (f *Follower) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { f.followAuthority(ctx) })
	if f.feed != nil {
		ring := make(chan struct{}, 1)
		wg.Go(func() { f.watch(ctx, ring) })
		wg.Go(func() { f.followFeed(ctx, ring) })
	}
	wg.Wait()
}

// soonerAfterLoss is how much sooner the authority is asked again that did not
// answer: one question that is lost must not make the list stale.
const soonerAfterLoss = 4

func (f *Follower) followAuthority(ctx context.Context) {
	for ctx.Err() == nil {
		err := f.askWithin(ctx)
		f.noteAuthority(ctx, err)
		wait := f.pace.Every
		switch {
		case err != nil:
			wait /= soonerAfterLoss
		case f.Fed():
			wait = f.pace.Confirm
		}
		pause(ctx, wait, f.kick)
	}
}

func (f *Follower) askWithin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, f.pace.Timeout)
	defer cancel()
	return f.Ask(ctx)
}

// noteAuthority tells the operator once that the authority fell silent, and
// once that it speaks again.
func (f *Follower) noteAuthority(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil || f.silent == (err != nil):
		return
	case err != nil:
		f.log.Error("the authority over revocations does not answer", "error", err)
	default:
		f.log.Info("the authority over revocations answers again")
	}
	f.silent = err != nil
}

func (f *Follower) followFeed(ctx context.Context, ring <-chan struct{}) {
	for ctx.Err() == nil {
		err := f.pull(ctx)
		if ctx.Err() != nil {
			return
		}
		if was := f.fed.Swap(err == nil); was && err != nil {
			f.log.Warn("the revocation feed does not answer; the authority is asked instead", "error", err)
			f.askSoon()
		} else if !was && err == nil {
			f.log.Info("the revocation feed answers")
		}
		pause(ctx, f.pace.Every, ring)
	}
}

// pull asks the feed once.
func (f *Follower) pull(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, f.pace.Timeout)
	defer cancel()
	in := f.list.Inquire()
	r, err := f.feed.Snapshot(ctx, f.fedMark)
	if err != nil {
		return err
	}
	lifts, err := f.list.Learn(in, r)
	if err != nil {
		return err
	}
	f.fedMark = r.Mark
	if lifts {
		f.askSoon()
	}
	return nil
}

// askSoon has the authority asked at once, and once for any number of calls.
func (f *Follower) askSoon() { knock(f.kick) }

// watch keeps listening to the feed. What it misses the next question finds.
func (f *Follower) watch(ctx context.Context, ring chan struct{}) {
	for ctx.Err() == nil {
		if err := f.feed.Watch(ctx, func() { knock(ring) }); err != nil && !errors.Is(err, context.Canceled) {
			f.log.Debug("the revocation feed cannot be watched", "error", err)
		}
		pause(ctx, f.pace.Every, nil)
	}
}

func knock(door chan<- struct{}) {
	select {
	case door <- struct{}{}:
	default:
	}
}

// pause waits for the time to pass, a knock, or the context's end.
func pause(ctx context.Context, d time.Duration, door <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-door:
	}
}
