package proofs

import (
	"context"
	"time"
)

// look is how often Run looks at what is in force. What it finds must be the same
// twice, so that half of an edit is not taken for one.
const look = time.Second

// A proof works so long, and then rests so long: decisions find the processor free
// at least two thirds of the time, and wait no longer than one spell of work.
const (
	work = 500 * time.Microsecond
	rest = time.Millisecond
)

// Run keeps the status of what inForce returns, until the context ends. It begins
// after a delay, so that a start is over by then.
func (k *Keeper) Run(ctx context.Context, delay time.Duration, inForce func() (Subject, error)) {
	if !wait(ctx, delay) {
		return
	}
	k.serving.Store(true)
	var seen, done string
	for wait(ctx, look) {
		s, err := inForce()
		if err != nil {
			continue // what is in force goes on; Status says whether that is proved
		}
		now := k.key(s)
		settled := now == seen
		if seen = now; now == done || !settled {
			continue
		}
		v, err := k.verdict(ctx, s)
		if ctx.Err() != nil {
			return
		}
		if err != nil { // a false statement that came into force all the same
			v = Status{Revision: s.Files.Revision(), State: Unproved, Since: time.Now(), Error: err.Error()}
		}
		done = now
		k.tell(v)
	}
}

// tell makes a verdict that of the book in force, and says so aloud.
func (k *Keeper) tell(v Status) {
	k.mu.Lock()
	k.status = v
	k.mu.Unlock()
	switch log := k.config.Log.With("revision", v.Revision); v.State {
	case Proved:
		log.Info("the rule book in force is proved", "by", v.By, "invariants", v.Invariants, "kept", v.Kept)
	case Refuted:
		log.Error("the rule book in force is refuted: it does not keep what it promises", "lacks", v.Lacks)
	default:
		log.Error("nothing is proved of the rule book in force", "error", v.Error)
	}
}

// resting is a pause that lets others go first. It ends a proof with the context.
func resting(ctx context.Context) func() error {
	begun := time.Now()
	return func() error {
		if time.Since(begun) < work {
			return nil
		}
		if !wait(ctx, rest) {
			return ctx.Err()
		}
		begun = time.Now()
		return nil
	}
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
