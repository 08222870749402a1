package process

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/continuity"
	"github.com/wardgate/wardgate/internal/datafolder"
	"github.com/wardgate/wardgate/internal/sqldb"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/chain"
	"github.com/wardgate/wardgate/pip/audit/folderanchor"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
)

// A journal is the journal of this process, its anchor, what counts its events,
// and what ships it.
type journal struct {
	ground
	*life
	journal  *audit.Journal
	anchors  anchor.Anchor
	outside  *folderanchor.Folder // nil without anchors.folder
	keeper   *continuity.Keeper   // of the databases; nil where this process does not administer
	observer observer             // nil where nothing is counted
	shippers []*ship.Shipper      // all of which must have read a segment before it is removed
	begun    bool
}

// An observer counts what behaviour is counted by.
type observer interface{ Observe(o *pip.Observation) }

// anchorTimeout bounds the last anchoring, when the process ends.
const anchorTimeout = 5 * time.Second

// newJournal opens the journal against its anchor, where this process keeps one:
// a folder that was rolled back is refused. It is closed before its last head is
// anchored.
func newJournal(ctx context.Context, g ground, o observer) (*journal, error) {
	if !g.config.Journals() {
		return nil, nil
	}
	j := &journal{ground: g, life: g.begin(), observer: o}
	anchors, err := OpenAnchors(ctx, g.config)
	if err != nil {
		return nil, err
	}
	j.anchors, j.outside = anchors, anchors.folder
	j.onClose(anchors.Close)
	c := g.config.AuditConfig()
	c.Log = g.log.With("part", "audit")
	if c.Anchored, err = anchor.Latest(ctx, anchors, c.Chain); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	if j.journal, err = audit.Open(c); err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	follower, err := anchor.Follow(ctx, j.journal, anchors, c.Log)
	if sqldb.Standing(err) == "full" { // the follower tries again, as it does when the disk runs full later
		g.log.Error("the journal's head cannot be anchored until there is room on the disk", "error", err)
	} else if err != nil {
		return nil, errors.Join(fmt.Errorf("journal: %w", err), j.journal.Close())
	}
	j.onClose(func() error { return j.end(follower) })
	j.inBackground(follower.Run)
	if days := g.config.Journal.RetainDays; days > 0 {
		pruner := &audit.Pruner{Journal: j.journal, Retain: time.Duration(days) * 24 * time.Hour, Log: g.log, Holds: func() uint64 {
			upTo := follower.Anchored()
			for _, s := range j.shippers {
				upTo = min(upTo, s.Holds())
			}
			if j.keeper != nil {
				upTo = min(upTo, j.keeper.Holds())
			}
			return upTo
		}}
		j.inBackground(pruner.Run)
	}
	g.board.Journal(j.journal, follower)
	return j, j.shipEvents()
}

// Append writes the event, and counts it once it is written.
func (j *journal) Append(ctx context.Context, e pip.Event) error {
	if err := j.journal.Append(ctx, e); err != nil {
		return err
	}
	if j.observer != nil {
		seen := e.Observation()
		j.observer.Observe(&seen)
	}
	return nil
}

// Head is the newest signed head.
func (j *journal) Head() chain.Head { return j.journal.Head() }

// start writes the first record of this run. The last one is written by end.
func (j *journal) start(ctx context.Context, revision string) error {
	if j == nil {
		return nil
	}
	j.begun = true
	return j.note(ctx, pip.Event{Action: "start", Revision: revision})
}

func (j *journal) end(follower *anchor.Follower) error {
	var stop error
	if j.begun {
		stop = j.note(context.Background(), pip.Event{Action: "stop"})
	}
	err := j.journal.Close()
	last, cancel := context.WithTimeout(context.Background(), anchorTimeout)
	defer cancel()
	if late := follower.Store(last); late != nil {
		j.ground.log.Warn("the journal's last head is not anchored", "error", late)
	}
	return errors.Join(stop, err)
}

// note journals what became of this process.
func (j *journal) note(ctx context.Context, e pip.Event) error {
	e.Kind, e.Time, e.Outcome = pip.KindSystem, time.Now(), "success"
	return j.Append(ctx, e)
}

// shipDir is where the shippers keep their cursors, and what was refused.
const shipDir = "shipping"

// ship brings the journal to a sink. One that does not answer holds nothing up:
// records wait in the journal.
func (j *journal) ship(name string, sink ship.Sink, encode func(chain string, r *reader.Record) (ship.Document, error), c ship.Config) error {
	c.Journal, c.Head, c.Log = j, j.journal.Head, j.ground.log.With("part", "shipping")
	s, err := ship.New(ship.Parts{
		Name: name, Journal: j.config.AuditConfig().Dir, State: filepath.Join(j.config.Data, shipDir), Sink: sink, Encode: encode,
	}, c)
	if err != nil {
		return err
	}
	j.shippers = append(j.shippers, s)
	j.inBackground(s.Run)
	j.board.Shipper(s)
	return nil
}

// AcceptLoss lets a journal go on that was refused at start. The data folder
// must not be in use.
func AcceptLoss(ctx context.Context, c *config.Config, reason string) (loss audit.Loss, err error) {
	if err := c.Check(); err != nil {
		return audit.Loss{}, err
	}
	data, err := datafolder.Claim(c.Data)
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
