package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pip"
)

// A Status is what operators see of a Follower.
type Status struct {
	Source string
	Active Delivered // in force
	Newest Delivered // the newest that was ever in force
	Held   *Hold     // an operator went back to Active

	Activated time.Time // when Active came into force in this process
	Reached   time.Time // when the source last answered
	// Unreachable is why the source cannot be asked; nil while it can.
	Unreachable *Trouble
	// Refused is why the newest bundle of the source is not in force.
	Refused     *Trouble
	Activations uint64
	Refusals    map[Code]uint64 // since the start
}

// Trouble is a fault that lasts.
type Trouble struct {
	Since  time.Time
	Code   Code   // of a refusal
	Bundle string // digest of the refused bundle
	Err    error
}

// Status is how things stand.
func (f *Follower) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.status
	s.Refusals = maps.Clone(f.status.Refusals)
	return s
}

// InForce is the bundle in force; nil before Serve.
func (f *Follower) InForce() *bundle.Bundle {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.inForce
}

func (f *Follower) activated(b *bundle.Bundle, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inForce = b
	m := &f.cache.mark
	f.status.Active, f.status.Newest, f.status.Held = m.Active, m.Newest, m.Held
	f.status.Activated, f.status.Refused = now, nil
	f.status.Activations++
}

// agreed notes that the source has what is in force.
func (f *Follower) agreed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status.Refused = nil
}

func (f *Follower) reached(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.status.Reached, f.status.Unreachable = now, nil
}

func (f *Follower) unreached(now time.Time, err error) {
	f.mu.Lock()
	before := f.status.Unreachable
	trouble := &Trouble{Since: now, Err: err}
	if before != nil {
		trouble.Since = before.Since
	}
	f.status.Unreachable = trouble
	f.mu.Unlock()
	if before == nil || before.Err.Error() != err.Error() {
		f.config.Log.Warn("the source of rule books cannot be reached; the last good one goes on deciding",
			"source", f.config.Source.Name(), "error", err)
	}
}

// refused tells of a refusal. The same bundle refused for the same reason
// again is told once.
func (f *Follower) refused(ctx context.Context, r *Refusal, packed []byte) {
	sum := sha256.Sum256(packed)
	now, digest := time.Now(), hex.EncodeToString(sum[:])
	f.mu.Lock()
	before := f.status.Refused
	f.status.Refusals[r.Code]++
	again := before != nil && before.Bundle == digest && before.Code == r.Code
	if !again {
		f.status.Refused = &Trouble{Since: now, Code: r.Code, Bundle: digest, Err: r.Err}
	}
	active := f.status.Active
	f.mu.Unlock()
	if again {
		return
	}
	f.config.Log.Error("a rule book was refused; the last good one goes on deciding",
		"source", f.config.Source.Name(), "code", string(r.Code), "bundle", digest, "error", r.Err)
	err := f.journal.Append(ctx, pip.Event{
		Kind: pip.KindPolicy, Time: now, Action: "policy.activate", Outcome: "failure", Detail: string(r.Code), Revision: active.Rules,
	})
	if err != nil {
		f.config.Log.Error("the refusal is not journalled", "error", err)
	}
}
