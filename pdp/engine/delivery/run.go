package delivery

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pip"
)

// How long to wait before a source that failed is asked again: doubled from
// the least to the most, and scattered, so that many machines do not ask at once.
const (
	leastBackoff = 500 * time.Millisecond
	mostBackoff  = time.Minute
)

// Run brings what the source has to the engine that Serve named, until the
// context ends.
func (f *Follower) Run(ctx context.Context) {
	for failures := 0; ctx.Err() == nil; {
		if f.once(ctx) {
			failures = 0
			continue
		}
		wait(ctx, f.backoff(failures))
		failures++
	}
}

// once asks the source once, and reports whether it may be asked again at once.
func (f *Follower) once(ctx context.Context) bool {
	arrival, err := f.config.Source.Fetch(ctx, f.tag)
	if ctx.Err() != nil {
		return true
	}
	if err != nil {
		f.unreached(time.Now(), err)
		return false
	}
	f.reached(time.Now())
	if arrival.Packed == nil {
		return true
	}
	err = f.offer(ctx, arrival.Packed)
	var refusal *Refusal
	if errors.As(err, &refusal) && refusal.passing() {
		f.tag = "" // ask for whatever there is then
		return false
	}
	f.tag = arrival.Tag
	return true
}

// offer puts a bundle in force, or refuses it.
func (f *Follower) offer(ctx context.Context, packed []byte) error {
	f.turn.Lock()
	defer f.turn.Unlock()
	// What is in force already needs no examination, which costs a second.
	b, err := f.config.Trust.Read(packed)
	if err == nil && f.settled(b) {
		f.agreed()
		return nil
	}
	var refusal *Refusal
	if err != nil {
		refusal = refuse(codeOf(err), err)
	} else if refusal = f.order(b); refusal == nil {
		var c *engine.Candidate
		if b, c, refusal = f.examine(ctx, packed, false); refusal == nil {
			refusal = f.activate(ctx, b, c, nil, pip.Event{Action: "policy.activate"})
		}
	}
	if refusal == nil {
		return nil
	}
	if ctx.Err() == nil {
		f.refused(ctx, refusal, packed)
	}
	return refusal
}

// errNotNow refuses a bundle for what has changed since it was examined, and may change again.
var errNotNow = errors.New("it does not fit what is in force beside it")

// activate puts a bundle in force once that is durable and journalled. The
// mark comes first: should the process end in between, the bundle is in force
// at the next start, and no older one ever.
func (f *Follower) activate(ctx context.Context, b *bundle.Bundle, c *engine.Candidate, held *Hold, e pip.Event) *Refusal {
	if f.config.Turn != nil {
		f.config.Turn.Lock()
		defer f.config.Turn.Unlock()
	}
	if f.config.Check != nil {
		if err := f.config.Check(c.Book().Tables.House); err != nil {
			return refuse(CodeRefused, fmt.Errorf("%w: %w", errNotNow, err))
		}
	}
	e.Kind, e.Time, e.Outcome, e.Revision = pip.KindPolicy, time.Now(), "success", c.Revision()
	if err := f.journal.Append(ctx, e); err != nil {
		return refuse(CodeNotJournaled, err)
	}
	if err := f.cache.put(b, held); err != nil {
		return refuse(CodeNotDurable, err)
	}
	f.engine.Put(c)
	f.activated(b, time.Now())
	f.config.Log.Info("a rule book is in force", "revision", c.Revision(), "bundle", b.Revision, "version", b.Version, "action", e.Action)
	return nil
}

func (f *Follower) backoff(failures int) time.Duration {
	most := f.config.Patience
	if most <= 0 {
		most = mostBackoff
	}
	most = min(most, leastBackoff<<min(failures, 16))
	return most/2 + rand.N(most/2)
}

func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
