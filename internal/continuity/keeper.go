package continuity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/internal/sqldb/sqlmark"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/chain"
)

// ErrBehind says that a database lies behind what the journal proves. Nothing may be
// believed that it says until what was ordered is in it again.
var ErrBehind = errors.New("the database lies behind what it once held")

// A Database is one that has a mark.
type Database struct {
	Mark  *sqlmark.Table
	Shown string // what operators know it by: identity.db, or the key of its server
	// Follows is whether each order moves the mark. Where it does not, starts do.
	Follows bool
	// Emptied reports whether nothing is in it. One that was emptied, or is another
	// one, is refused; nil where it is brought up to what was ordered instead.
	Emptied func(ctx context.Context) (bool, error)
	// Restore puts facts into it that it may lack, and ends what can be used once. It is
	// called for each of them when any lies behind: facts are those of this one alone.
	Restore func(ctx context.Context, r Restoration) error
}

// A Restoration is what a database is brought up to.
type Restoration struct {
	Facts []Fact
	Over  time.Time // sessions that began up to then are over
}

// A Journal is where it is read from and written to.
type Journal interface {
	pip.Journal
	Head() chain.Head
}

// A Keeper holds databases against the journal: at the start, each second, and with
// each order. It is the journal of those who change them.
type Keeper struct {
	journal   Journal
	databases []*Database
	log       *slog.Logger
	now       func() time.Time

	// writing is held shared from before an order is journalled until it is in the
	// ledger, and alone while a digest or a restoration is made.
	writing sync.RWMutex

	mu       sync.Mutex // of what follows
	ledger   *Ledger
	segment  int    // that has a digest
	digested uint64 // the record before the newest digest
	refused  error  // a database is gone while this process runs

	restored atomic.Int64 // how often any was brought up
	older    atomic.Bool  // one without orders of its own lies behind
	kick     chan struct{}
}

// New returns a keeper of what the ledger says. Begin has to be called before anything
// is served.
func New(j Journal, l *Ledger, databases []*Database, log *slog.Logger) *Keeper {
	return &Keeper{journal: j, databases: databases, log: log, now: time.Now, ledger: l, kick: make(chan struct{}, 1)}
}

// Marks is how far each database is known to have come.
func (k *Keeper) Marks() map[string]pip.Mark {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := map[string]pip.Mark{}
	for name, m := range k.ledger.Marks {
		all[name] = m
	}
	return all
}

func (k *Keeper) known(name string) pip.Mark {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ledger.Marks[name]
}

// Holds is the newest record that no start needs to read any more.
func (k *Keeper) Holds() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.digested
}

// Append journals an event. An order moves the marks of the databases that it changed,
// which the event then proves: without them it is an error, and may not be acknowledged.
func (k *Keeper) Append(ctx context.Context, e pip.Event) error {
	if e.Change == nil && e.Outcome != "success" {
		return k.journal.Append(ctx, e)
	}
	k.writing.RLock()
	defer k.writing.RUnlock()
	marks, unmarked := k.advance(ctx)
	e.Marks = marks
	if err := k.journal.Append(ctx, e); err != nil {
		return errors.Join(err, unmarked)
	}
	k.mu.Lock()
	k.ledger.Fold(&e)
	k.mu.Unlock()
	return unmarked
}

// advance moves the marks of all databases that follow orders, at once.
func (k *Keeper) advance(ctx context.Context) (map[string]pip.Mark, error) {
	var all sync.WaitGroup
	marks, faults := make([]pip.Mark, len(k.databases)), make([]error, len(k.databases))
	for i, d := range k.databases {
		if d.Follows {
			all.Go(func() { marks[i], faults[i] = d.Mark.Advance(ctx, k.known(d.Mark.Name())) })
		}
	}
	all.Wait()
	moved := map[string]pip.Mark{}
	for i, d := range k.databases {
		if d.Follows && faults[i] == nil {
			moved[d.Mark.Name()] = marks[i]
		}
		if errors.Is(faults[i], sqlmark.ErrChanged) {
			k.lookSoon()
		}
	}
	return moved, errors.Join(faults...)
}

func (k *Keeper) lookSoon() {
	select {
	case k.kick <- struct{}{}:
	default:
	}
}

// Guard reports ErrBehind when what is read from a database is older than what is
// known. It reads the mark where it is told to, before anything else.
func (k *Keeper) Guard(ctx context.Context, on sqlmark.Queryer, name string) error {
	known := k.known(name) // before it is read: it moves when others write
	m, err := sqlmark.Read(ctx, on, name)
	if err != nil && !errors.Is(err, sqlmark.ErrNone) {
		return err
	}
	if known.Epoch != "" && m.Behind(known) {
		k.lookSoon()
		return fmt.Errorf("%s: %w", name, ErrBehind)
	}
	return nil
}

// lookEvery is how often databases are looked at without an order.
const lookEvery = time.Second

// Run looks until the context ends: a fail-over may bring up an older copy.
func (k *Keeper) Run(ctx context.Context) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-k.kick:
		}
		if err := k.Look(ctx); err != nil && ctx.Err() == nil {
			k.log.Error("a database is not held against the journal", "error", err)
		}
		if k.journal.Head().Segment != k.segmentDigested() {
			if err := k.writeDigest(ctx); err != nil && ctx.Err() == nil {
				k.log.Warn("what is in force is not carried forward in the journal", "error", err)
			}
		}
	}
}

func (k *Keeper) segmentDigested() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.segment
}

// writeDigest carries everything forward.
func (k *Keeper) writeDigest(ctx context.Context) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	return k.digest(ctx)
}

// digest is writeDigest where no other writer is.
func (k *Keeper) digest(ctx context.Context) error {
	before := k.journal.Head()
	k.mu.Lock()
	events, err := k.ledger.Digest(k.now())
	k.mu.Unlock()
	if err != nil {
		return err
	}
	for _, e := range events {
		if err := k.journal.Append(ctx, e); err != nil {
			return err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.segment, k.digested = k.journal.Head().Segment, before.Seq
	if before.Segment != 0 && before.Segment != k.segment {
		k.segment = before.Segment // it may have begun in the one before: the next look writes another
	}
	return nil
}

// State is how the databases stand: "current"; "restored", since this process began;
// "older", of one whose contents cannot be brought back; "lost".
func (k *Keeper) State() string {
	k.mu.Lock()
	lost := k.refused != nil
	k.mu.Unlock()
	switch {
	case lost:
		return "lost"
	case k.older.Load():
		return "older"
	case k.restored.Load() > 0:
		return "restored"
	default:
		return "current"
	}
}

// Restored counts how often databases were brought up since this process began.
func (k *Keeper) Restored() int64 { return k.restored.Load() }

// advice says what to do about a database that is refused.
func advice(d *Database) string {
	return fmt.Sprintf("restore a backup of %s, or let somebody answer for the loss: `wardgate audit accept-loss --database %s --reason TEXT`",
		d.Shown, d.Mark.Name())
}

// names are those of databases, for people.
func names(of []*Database) string {
	var all []string
	for _, d := range of {
		all = append(all, d.Shown)
	}
	return strings.Join(all, ", ")
}
