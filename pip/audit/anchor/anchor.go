// Package anchor keeps a journal's newest signed head outside of the journal's
// folder: proof, later, that the journal had come so far. It never reads the
// journal's records.
package anchor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pip/audit/chain"
)

// An Anchor keeps the newest head of each chain where those who can change the
// journal's folder cannot change it. What it keeps proves later that the journal had
// come so far.
type Anchor interface {
	// Store keeps a head, and fails when a newer one of its chain is kept.
	Store(ctx context.Context, h chain.Head) error
	// Latest returns the head that is kept of a chain, or ErrNoAnchor.
	Latest(ctx context.Context, name string) (chain.Head, error)
	// Replace keeps a head in place of any other. Only AcceptLoss needs it.
	Replace(ctx context.Context, h chain.Head) error
}

// ErrNoAnchor says that no head is kept for a chain.
var ErrNoAnchor = errors.New("no head of this chain is anchored")

// anchorEvery is how old the anchor of a journal that grows may become.
const anchorEvery = time.Second

// A Journal is what is anchored.
type Journal interface {
	// Head is the newest signed head.
	Head() chain.Head
}

// A Follower anchors a journal's head while the journal grows.
type Follower struct {
	journal Journal
	anchor  Anchor
	log     *slog.Logger
	seq     atomic.Uint64 // that is anchored
	turn    atomic.Uint64
	failure atomic.Pointer[error]
}

// Follow anchors the head that stands now, and fails when that is not possible.
// Run goes on from there.
func Follow(ctx context.Context, j Journal, a Anchor, log *slog.Logger) (*Follower, error) {
	f := &Follower{journal: j, anchor: a, log: log}
	return f, f.Store(ctx)
}

// Run anchors the head each second in which it changed, until the context ends.
// What fails is tried again: the journal itself does not wait for its anchor.
func (f *Follower) Run(ctx context.Context) {
	ticker := time.NewTicker(anchorEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := f.storeWithin(ctx)
		if before := f.Err(); err != nil && before == nil && ctx.Err() == nil {
			f.log.Error("the journal's head cannot be anchored; until it can, a rolled back folder shows as far as the anchor reaches", "error", err)
			f.failure.Store(&err)
		} else if err == nil && before != nil {
			f.log.Info("the journal's head is anchored again")
			f.failure.Store(nil)
		}
	}
}

// storeTimeout bounds one attempt: a database that falls silent has failed.
const storeTimeout = 5 * time.Second

func (f *Follower) storeWithin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return f.Store(ctx)
}

// Store anchors the newest head when it is not anchored yet. After the journal
// was closed it anchors the last one.
func (f *Follower) Store(ctx context.Context) error {
	h := f.journal.Head()
	if h.Turn == f.turn.Load() {
		return nil
	}
	if err := f.anchor.Store(ctx, h); err != nil {
		return fmt.Errorf("anchor journal: %w", err)
	}
	f.turn.Store(h.Turn)
	f.seq.Store(h.Seq)
	return nil
}

// Anchored is the seq up to which the anchor proves the journal.
func (f *Follower) Anchored() uint64 { return f.seq.Load() }

// Behind is how many records the anchor does not prove yet.
func (f *Follower) Behind() uint64 {
	head, anchored := f.journal.Head().Seq, f.Anchored()
	return head - min(head, anchored)
}

// Err is nil while the head can be anchored.
func (f *Follower) Err() error {
	if p := f.failure.Load(); p != nil {
		return *p
	}
	return nil
}

// Latest is the head that an anchor keeps of a chain, as Config.Anchored takes
// it: nil when none is kept.
func Latest(ctx context.Context, a Anchor, chain string) (*chain.Head, error) {
	h, err := a.Latest(ctx, chain)
	if errors.Is(err, ErrNoAnchor) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read anchor: %w", err)
	}
	return &h, nil
}
