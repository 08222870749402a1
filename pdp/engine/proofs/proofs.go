// Package proofs says whether the rule book in force is proved. A book that comes with
// a signed statement of its proof is proved at once; any other is proved beside
// serving, in what time decisions leave. It never decides which book is in force:
// Admit tells those who do.
package proofs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
)

// A Subject is a rule book in force, or about to be.
type Subject struct {
	Files  rulebook.Files   // with its invariants
	Stated *prove.Statement // what came signed with it; nil for nothing
	// Resumed: it was in force when this process began. That it is not proved does not
	// keep it from going on.
	Resumed bool
}

// A State is how far the proof of a revision is.
type State string

// The states. Only Proved is good.
const (
	Proving  State = "proving"  // not done yet
	Proved   State = "proved"   // of every possible input
	Refuted  State = "refuted"  // some invariant does not hold, or could not be decided
	Unproved State = "unproved" // the book could not be analysed
)

// States are all of them.
func States() []State { return []State{Proving, Proved, Refuted, Unproved} }

// A Status is how the proof of one revision stands.
type Status struct {
	Revision   string
	State      State
	By         string    // "bundle" for a signed statement, "here" for a proof of this process; "" before
	Since      time.Time // when that came out
	Invariants int       // how many are proved
	Kept       int       // how many of them by an earlier proof here, of what is the same
	Lacks      []string  // what is not proved: "never strangers"
	Error      string    // why the book could not be analysed
	Unstated   string    // why what was stated is not believed, where it was not
}

// Config is what a Keeper needs.
type Config struct {
	Gate    prove.Gate // what has to be proved; its Pause and Memory are not used
	Program string     // which program proves
	Require bool       // only what is proved comes into force
	Log     *slog.Logger
}

// A Keeper keeps the proof of the book in force. Its methods may be called in
// parallel.
type Keeper struct {
	config Config

	turn    sync.Mutex  // one proof at a time
	serving atomic.Bool // decisions come first

	mu     sync.Mutex
	known  []verdict // the newest last
	status Status
}

// A verdict is remembered under what was proved: rules and invariants.
type verdict struct {
	key    string
	status Status
}

// remembered is how many verdicts are: an edit that is taken back costs nothing.
const remembered = 4

// New makes a Keeper, which does nothing before Run or Admit.
func New(c Config) *Keeper {
	c.Gate.Memory = &prove.Memory{}
	return &Keeper{config: c}
}

func (k *Keeper) key(s Subject) string { return s.Files.Revision() + k.config.Gate.Invariants(s.Files) }

// Status is how the proof of a revision stands.
func (k *Keeper) Status(revision string) Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.status.Revision != revision {
		return Status{Revision: revision, State: Proving}
	}
	s := k.status
	s.Lacks = slices.Clone(s.Lacks)
	return s
}

// Errors of Admit.
var (
	// ErrNotProved: the book is refuted, or could not be analysed.
	ErrNotProved = errors.New("the rule book is not proved")
	// ErrFalse: it comes with the proof of another book.
	ErrFalse = prove.ErrFalse
)

// Admit reports whether a book may come into force: with a statement of another book
// it may not, and where proofs are required only when it is proved, which takes as
// long as a proof. A book that was in force before needs no proof to go on: Run tells
// what becomes of it.
func (k *Keeper) Admit(ctx context.Context, s Subject) error {
	if s.Stated != nil { // asked of what is remembered too
		if err := k.config.Gate.Check(s.Files, s.Stated); errors.Is(err, ErrFalse) {
			return err
		}
	}
	if !k.config.Require || s.Resumed {
		return nil
	}
	v, err := k.verdict(ctx, s)
	switch {
	case err != nil:
		return err
	case v.State == Proved:
		return nil
	case v.Error != "":
		return fmt.Errorf("%w: %s", ErrNotProved, v.Error)
	}
	return fmt.Errorf("%w: %s; `wardgate policy prove` shows by what", ErrNotProved, strings.Join(v.Lacks, ", "))
}

// verdict is what comes of a book: stated, remembered, or found out now.
func (k *Keeper) verdict(ctx context.Context, s Subject) (Status, error) {
	key := k.key(s)
	if v, known := k.recall(key); known {
		return v, nil
	}
	k.turn.Lock()
	defer k.turn.Unlock()
	if v, known := k.recall(key); known {
		return v, nil
	}
	v := Status{Revision: s.Files.Revision()}
	if s.Stated != nil {
		err := k.config.Gate.Check(s.Files, s.Stated)
		if errors.Is(err, ErrFalse) {
			return Status{}, err
		}
		if err == nil {
			v.State, v.By, v.Since, v.Invariants = Proved, "bundle", time.Now(), s.Stated.Proved
			k.remember(key, v)
			return v, nil
		}
		v.Unstated = err.Error()
	}
	v, err := k.find(ctx, s, v)
	if err == nil {
		k.remember(key, v)
	}
	return v, err
}

// find proves a book.
func (k *Keeper) find(ctx context.Context, s Subject, v Status) (Status, error) {
	gate := k.config.Gate
	if k.serving.Load() {
		gate.Pause = resting(ctx)
	}
	report, err := gate.Prove(ctx, s.Files, nil)
	if ctx.Err() != nil {
		return Status{}, ctx.Err()
	}
	v.By, v.Since = "here", time.Now()
	if err != nil {
		v.State, v.Error = Unproved, err.Error()
		return v, nil
	}
	stated := gate.Statement(s.Files, &report, k.config.Program)
	v.State, v.Invariants, v.Kept, v.Lacks = Proved, stated.Proved, report.Kept, stated.Unproved
	if stated.Outcome != prove.Proved {
		v.State = Refuted
	}
	return v, nil
}

func (k *Keeper) recall(key string) (Status, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.known, func(v verdict) bool { return v.key == key })
	if i < 0 {
		return Status{}, false
	}
	return k.known[i].status, true
}

func (k *Keeper) remember(key string, s Status) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known = append(k.known, verdict{key, s})
	k.known = k.known[max(0, len(k.known)-remembered):]
}
