package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync/atomic"
	"time"
)

// An Anchor keeps the newest head of each chain out of reach of whoever can
// change the journal's folder. What it keeps proves later that the journal had
// come so far.
type Anchor interface {
	// Store keeps a head, and fails when a newer one of its chain is kept.
	Store(ctx context.Context, h Head) error
	// Latest returns the head that is kept of a chain, or ErrNoAnchor.
	Latest(ctx context.Context, chain string) (Head, error)
	// Replace keeps a head in place of any other. Only AcceptLoss needs it.
	Replace(ctx context.Context, h Head) error
}

// reachesAnchor checks that the journal, which ends at end, holds the very
// record that its anchor names.
func reachesAnchor(cfg Config, key ed25519.PublicKey, segments []segment, end link) error {
	a := cfg.Anchored
	if a == nil {
		return nil
	}
	if a.Chain != cfg.Chain || !a.Verify(key) {
		return refuse(ErrAnchor, "another key signed the head that is anchored as chain %q; "+
			"when two enforcement points use this name, give each its own (journal.chain)", cfg.Chain)
	}
	at, err := a.at()
	if err != nil {
		return err
	}
	if at.seq == 0 {
		return nil
	}
	if at.seq > end.seq {
		return refuse(ErrRolledBack, "record %d was anchored at %s, and the journal ends with record %d",
			at.seq, a.Time.Format(time.RFC3339), end.seq)
	}
	base, err := readBase(cfg.Dir, cfg.Chain, key)
	if err != nil {
		return refuse(err, "%s cannot be believed", baseName)
	}
	if holdsBase(base, *a) {
		return nil
	}
	i := slices.IndexFunc(segments, func(s segment) bool { return s.number == at.segment })
	if i < 0 {
		return refuse(ErrRolledBack, "%s is missing, which holds the anchored record %d", segmentName(at.segment), at.seq)
	}
	f, err := os.Open(segments[i].path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	if err := confirm(f, at); err != nil {
		return refuse(ErrRolledBack, "record %d is not the one that was anchored", at.seq)
	}
	return nil
}

// anchorEvery is how old the anchor of a journal that grows may become.
const anchorEvery = time.Second

// A Keeper anchors a journal's head while the journal grows.
type Keeper struct {
	journal *Journal
	anchor  Anchor
	log     *slog.Logger
	seq     atomic.Uint64 // that is anchored
	turn    atomic.Uint64
	failure atomic.Pointer[error]
}

// NewKeeper returns a keeper of the journal's head. It anchors the head that
// stands now, and fails when that is not possible.
func NewKeeper(ctx context.Context, j *Journal, a Anchor, log *slog.Logger) (*Keeper, error) {
	k := &Keeper{journal: j, anchor: a, log: log}
	return k, k.Store(ctx)
}

// Run anchors the head each second in which it changed, until the context ends.
// What fails is tried again: the journal itself does not wait for its anchor.
func (k *Keeper) Run(ctx context.Context) {
	ticker := time.NewTicker(anchorEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := k.storeWithin(ctx)
		if before := k.Err(); err != nil && before == nil && ctx.Err() == nil {
			k.log.Error("the journal's head cannot be anchored; until it can, a rolled back folder shows as far as the anchor reaches", "error", err)
			k.failure.Store(&err)
		} else if err == nil && before != nil {
			k.log.Info("the journal's head is anchored again")
			k.failure.Store(nil)
		}
	}
}

// storeTimeout bounds one attempt: a database that falls silent has failed.
const storeTimeout = 5 * time.Second

func (k *Keeper) storeWithin(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return k.Store(ctx)
}

// Store anchors the newest head when it is not anchored yet. After the journal
// was closed it anchors the last one.
func (k *Keeper) Store(ctx context.Context) error {
	h := k.journal.Head()
	if h.Turn == k.turn.Load() {
		return nil
	}
	if err := k.anchor.Store(ctx, h); err != nil {
		return fmt.Errorf("anchor journal: %w", err)
	}
	k.turn.Store(h.Turn)
	k.seq.Store(h.Seq)
	return nil
}

// Anchored is the seq up to which the anchor proves the journal.
func (k *Keeper) Anchored() uint64 { return k.seq.Load() }

// Behind is how many records the anchor does not prove yet.
func (k *Keeper) Behind() uint64 {
	head, anchored := k.journal.Head().Seq, k.Anchored()
	return head - min(head, anchored)
}

// Err is nil while the head can be anchored.
func (k *Keeper) Err() error {
	if p := k.failure.Load(); p != nil {
		return *p
	}
	return nil
}

// Latest is the head that an anchor keeps of a chain, as Config.Anchored takes
// it: nil when none is kept.
func Latest(ctx context.Context, a Anchor, chain string) (*Head, error) {
	h, err := a.Latest(ctx, chain)
	if errors.Is(err, ErrNoAnchor) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read anchor: %w", err)
	}
	return &h, nil
}
