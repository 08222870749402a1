package delivery

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// A Status is what operators see of a Keeper.
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
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.status
	s.Refusals = maps.Clone(k.status.Refusals)
	return s
}

func (k *Keeper) activated(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	m := &k.shelf.mark
	k.status.Active, k.status.Newest, k.status.Held = m.Active, m.Newest, m.Held
	k.status.Activated, k.status.Refused = now, nil
	k.status.Activations++
}

// agreed notes that the source has what is in force.
func (k *Keeper) agreed() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status.Refused = nil
}

func (k *Keeper) reached(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.status.Reached, k.status.Unreachable = now, nil
}

func (k *Keeper) unreached(now time.Time, err error) {
	k.mu.Lock()
	before := k.status.Unreachable
	trouble := &Trouble{Since: now, Err: err}
	if before != nil {
		trouble.Since = before.Since
	}
	k.status.Unreachable = trouble
	k.mu.Unlock()
	if before == nil || before.Err.Error() != err.Error() {
		k.config.Log.Warn("the source of rule books cannot be reached; the last good one goes on deciding",
			"source", k.config.Source.Name(), "error", err)
	}
}

// refused tells of a refusal. The same bundle refused for the same reason
// again is told once.
func (k *Keeper) refused(ctx context.Context, r *Refusal, packed []byte) {
	sum := sha256.Sum256(packed)
	now, digest := time.Now(), hex.EncodeToString(sum[:])
	k.mu.Lock()
	before := k.status.Refused
	k.status.Refusals[r.Code]++
	again := before != nil && before.Bundle == digest && before.Code == r.Code
	if !again {
		k.status.Refused = &Trouble{Since: now, Code: r.Code, Bundle: digest, Err: r.Err}
	}
	active := k.status.Active
	k.mu.Unlock()
	if again {
		return
	}
	k.config.Log.Error("a rule book was refused; the last good one goes on deciding",
		"source", k.config.Source.Name(), "code", string(r.Code), "bundle", digest, "error", r.Err)
	err := k.config.Journal.Append(ctx, pip.Event{
		Kind: pip.KindPolicy, Time: now, Action: "policy.activate", Outcome: "failure", Detail: string(r.Code), Revision: active.Rules,
	})
	if err != nil {
		k.config.Log.Error("the refusal is not journalled", "error", err)
	}
}
