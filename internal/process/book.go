package process

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/health"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

// A book is the rule book of a process: where it comes from, and the engine that
// decides by it.
type book struct {
	ground
	first   *engine.Candidate
	bundles *delivery.Follower // nil unless signed bundles are delivered
	engine  *engine.Engine     // nil before decide
}

// openBook prepares the first rule book, where this process decides. It writes
// nothing, so that a rule book that cannot be had leaves the data folder
// untouched.
func openBook(ctx context.Context, g ground) (*book, error) {
	if !g.config.Runs(config.RoleEngine) {
		return nil, nil
	}
	b := &book{ground: g}
	if g.config.Policy.Delivered() {
		return b, b.openDelivery(ctx)
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	files, err := rulebook.ReadRules(b.files())
	if err != nil {
		return nil, err
	}
	b.first, err = engine.Prepare(files, points.Sections(), checkTables)
	return b, err
}

func (b *book) openDelivery(ctx context.Context) error {
	source, patience, err := b.config.Policy.Source()
	if err != nil {
		return err
	}
	trust, err := b.config.Policy.Trust()
	if err != nil {
		return fmt.Errorf("policy.verification_keys: %w", err)
	}
	b.bundles, err = delivery.Open(ctx, delivery.Config{
		Dir: filepath.Join(b.config.Data, "policy"), Source: source, Trust: trust, Points: points.Sections(), Check: checkTables,
		Log: b.log.With("part", "policy"), Patience: patience,
	})
	if err != nil {
		return err
	}
	b.first = b.bundles.First()
	return nil
}

// checkTables refuses a rule book whose routes the enforcement point could not
// read.
func checkTables(t *pdp.Tables) error {
	_, err := route.New(t)
	return err
}

// check says plainly that the rule book's folder is not there.
func (b *book) check() error {
	folder := b.config.Book()
	if folder == "" {
		return nil
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("rule book: %s is no folder that can be read; name one with --policies", folder)
	}
	return nil
}

func (b *book) files() fs.FS {
	if b.config.Book() == "" {
		return policies.FS
	}
	return os.DirFS(b.config.Book())
}

// decide makes the engine, which asks these information points. What it begins
// with is durable and journalled before anything asks it, and it stays on the
// newest good rule book while l runs.
func (b *book) decide(ctx context.Context, l *life, sources []pip.Source, journal pip.Journal) error {
	b.engine = engine.NewFrom(b.first, sources, checkTables, b.log, engine.Config{Timeout: b.config.DecisionTime()})
	var delivered func() delivery.Status
	switch {
	case b.bundles != nil:
		if err := b.bundles.Serve(ctx, b.engine, journal); err != nil {
			return err
		}
		l.inBackground(b.bundles.Run)
		delivered = b.bundles.Status
	case b.config.Book() != "":
		l.inBackground(func(ctx context.Context) {
			b.engine.Watch(ctx, b.files(), func(revision string, err error) { b.changed(journal, revision, err) })
		})
	}
	b.board.Policy(b.shown, delivered)
	return nil
}

// Tables are those of the rule book in force.
func (b *book) Tables() *pdp.Tables {
	if b.engine == nil {
		return b.first.Book().Tables.House
	}
	return b.engine.Tables()
}

func (b *book) roles() pip.Roles { return b.Tables().Roles }

// changed keeps evidence of an edited rule book, or of one that was refused.
func (b *book) changed(journal pip.Journal, revision string, err error) {
	e := pip.Event{Kind: pip.KindPolicy, Time: time.Now(), Action: "policy.activate", Outcome: "success", Revision: revision}
	if err != nil {
		e.Outcome, e.Detail, e.Revision = "failure", string(delivery.CodeRefused), b.engine.Revision()
		b.log.Error("the changed rule book was refused; the last good one goes on serving", "error", err)
	} else {
		b.log.Info("a changed rule book is in force", "revision", revision)
	}
	if err := journal.Append(context.Background(), e); err != nil {
		b.log.Error("policy change not journalled", "error", err)
	}
}

// shown is what operators see of the rule book.
func (b *book) shown() *health.Policy {
	if b.bundles != nil {
		s := b.bundles.Status()
		return health.Delivered(b.engine.Revision(), &s)
	}
	p := &health.Policy{Revision: b.engine.Revision(), Source: b.source()}
	if f := b.engine.Fault(); f != nil {
		p.Refused = &health.Refused{Time: f.Time, Error: f.Err.Error()}
	}
	return p
}

func (b *book) source() string {
	if folder := b.config.Book(); folder != "" {
		return folder
	}
	return "built-in"
}

// status is the same for bundles, for a folder and for the built-in book.
func (b *book) status() delivery.Status {
	if b.bundles != nil {
		return b.bundles.Status()
	}
	s := delivery.Status{Source: b.source(), Activated: b.board.Started()}
	s.Active.Rules = b.engine.Revision()
	if f := b.engine.Fault(); f != nil {
		s.Refused = &delivery.Trouble{Since: f.Time, Code: delivery.CodeRefused, Err: f.Err}
	}
	return s
}
