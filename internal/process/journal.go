package process

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/sqlanchor"
)

// observed is the journal, with the counters of behaviour listening.
type observed struct {
	journal *audit.Journal
	signals observer // nil where nobody counts
}

// An observer counts what behaviour is counted by.
type observer interface{ Observe(o *pip.Observation) }

// failure is why nothing can be journalled now, nil while it can.
func (o *observed) failure() error { return o.journal.Err() }

// Append writes the event, and counts it once it is written.
func (o *observed) Append(ctx context.Context, e pip.Event) error {
	if err := o.journal.Append(ctx, e); err != nil {
		return err
	}
	if o.signals != nil {
		seen := e.Observation()
		o.signals.Observe(&seen)
	}
	return nil
}

// anchorTimeout bounds the last anchoring, when the process ends.
const anchorTimeout = 5 * time.Second

// openJournal opens the journal against its anchor: a folder that was rolled
// back is refused. It is closed before its last head is anchored.
func (a *Process) openJournal(ctx context.Context) error {
	anchors, err := OpenAnchors(ctx, &a.config)
	if err != nil {
		return err
	}
	a.onClose(anchors.Close)
	c := a.config.AuditConfig()
	c.Log = a.log.With("part", "audit")
	if c.Anchored, err = anchor.Latest(ctx, anchors, c.Chain); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	journal, err := audit.Open(c)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	keeper, err := anchor.Follow(ctx, journal, anchors, c.Log)
	if err != nil {
		return errors.Join(fmt.Errorf("journal: %w", err), journal.Close())
	}
	a.onClose(func() error {
		err := journal.Close()
		last, cancel := context.WithTimeout(context.Background(), anchorTimeout)
		defer cancel()
		if late := keeper.Store(last); late != nil {
			c.Log.Warn("the journal's last head is not anchored", "error", late)
		}
		return err
	})
	a.keeping = keeper
	a.inBackground(keeper.Run)
	if days := a.config.Journal.RetainDays; days > 0 {
		a.inBackground(func(ctx context.Context) { a.prune(ctx, journal, keeper, time.Duration(days)*24*time.Hour) })
	}
	a.journal = &observed{journal: journal}
	switch {
	case a.behaviour != nil:
		a.journal.signals = a.behaviour
	case a.reporting != nil:
		a.journal.signals = unseen{a.reporting}
	}
	return nil
}

// pruneEvery is how often segments are looked for whose time is over.
const pruneEvery = time.Hour

// prune removes segments whose time is over, as far as they are anchored and
// every reader that holds the journal back has read them.
func (a *Process) prune(ctx context.Context, j *audit.Journal, k *anchor.Follower, retain time.Duration) {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		upTo := k.Anchored()
		for _, h := range a.shippers {
			upTo = min(upTo, h.Holds())
		}
		switch n, err := j.Prune(ctx, time.Now().Add(-retain), upTo); {
		case err != nil && ctx.Err() == nil:
			a.log.Error("segments of the journal whose time is over are not removed", "error", err)
		case n > 0:
			a.log.Info("segments of the journal whose time is over are removed", "segments", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// OpenAnchors opens the anchors of journals, which stand in the sessions'
// database. The caller closes them.
func OpenAnchors(ctx context.Context, c *config.Config) (*sqlanchor.Store, error) {
	db, err := openDatabase(ctx, c, c.Store("stores.sessions"))
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	s, err := sqlanchor.New(ctx, db)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("journal: %w", err), db.Close())
	}
	return s, nil
}

// AcceptLoss lets a journal go on that was refused at start. The data folder
// must not be in use.
func AcceptLoss(ctx context.Context, c *config.Config, reason string) (loss audit.Loss, err error) {
	if err := c.Check(); err != nil {
		return audit.Loss{}, err
	}
	data, err := claimData(c.Data)
	if err != nil {
		return audit.Loss{}, err
	}
	defer func() { err = errors.Join(err, data.Close()) }()
	anchors, err := OpenAnchors(ctx, c)
	if err != nil {
		return audit.Loss{}, err
	}
	defer func() { err = errors.Join(err, anchors.Close()) }()
	return audit.AcceptLoss(ctx, c.AuditConfig(), anchors, reason)
}
