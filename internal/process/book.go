package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/health"
	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pdp/engine/overlay"
	"github.com/wardgate/wardgate/pdp/engine/proofs"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pdp/engine/shadow"
	"github.com/wardgate/wardgate/pdp/engine/tables"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
	"github.com/wardgate/wardgate/records"
)

// A book is the rule book of a process: where it comes from, and the engine that
// decides by it.
type book struct {
	ground
	first   *engine.Candidate
	bundles *delivery.Follower // nil unless signed bundles are delivered
	proofs  *proofs.Keeper
	shadow  *shadow.Shadow // nil unless one is configured
	engine  *engine.Engine // nil before decide
	again   chan struct{}  // a refused rule book is looked at again

	// turn is held by what comes into force, a rule book or applications, from its last look at
	// the other until it is: they may change in one moment, and have to fit.
	turn sync.Mutex
}

// openBook prepares the first rule book, where this process decides. It writes
// nothing, so that a rule book that cannot be had leaves the data folder
// untouched.
func openBook(ctx context.Context, g ground) (*book, error) {
	if !g.config.Runs(config.RoleEngine) {
		return nil, nil
	}
	b := &book{ground: g, again: make(chan struct{}, 1)}
	if err := b.openProofs(); err != nil {
		return nil, err
	}
	if g.config.Policy.Delivered() {
		return b, b.openDelivery(ctx)
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	files, err := rulebook.ReadFiles(b.files())
	if err != nil {
		return nil, err
	}
	if b.builtIn() {
		// It went through the gate when the program was built.
		b.first, err = engine.Load(files, points.Sections())
		return b, err
	}
	if b.first, err = engine.Prepare(ctx, rulebook.Gate{Points: points.Sections(), Check: b.checkTables}, files); err != nil {
		return nil, err
	}
	return b, b.admit(ctx, files)
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
		Dir: filepath.Join(b.config.Data, "policy"), Source: source, Trust: trust, Points: points.Sections(), Check: b.checkTables,
		Admit: b.admitBundle, Turn: &b.turn, Log: b.log.With("part", "policy"), Patience: patience,
	})
	if err != nil {
		return err
	}
	b.first = b.bundles.First()
	return nil
}

// checkTables refuses a rule book that this house could not serve: as CheckTables does,
// and where it is known which applications have hosts of their own, one of which two
// rows would tie.
func (b *book) checkTables(t *pdp.Tables) error {
	if c := b.known.Load(); len(c.Applications) > 0 || c.Runs(config.RolePEP) {
		if _, err := route.New(t, c.Hosted()...); err != nil {
			return errors.Join(err, checkColumns(t))
		}
	}
	return CheckTables(t)
}

// CheckTables refuses a rule book whose routes no enforcement point could
// read, or whose columns are not those of records.
func CheckTables(t *pdp.Tables) error {
	_, err := route.Recorded(t)
	return errors.Join(err, checkColumns(t))
}

// checkColumns holds that the columns of a rule book are those of records.
func checkColumns(t *pdp.Tables) error {
	var faults []error
	have := records.Columns()
	for _, name := range t.Columns {
		if !slices.Contains(have, name) {
			faults = append(faults, fmt.Errorf("columns: records have no column %q%s", name, tables.Near(name, have)))
		}
	}
	for _, name := range have {
		if !slices.Contains(t.Columns, name) {
			faults = append(faults, fmt.Errorf("columns: %q is missing, which records have", name))
		}
	}
	return errors.Join(faults...)
}

// check says plainly that the rule book's folder is not there.
func (b *book) check() error {
	for _, one := range []struct{ folder, flag string }{{b.config.Book(), "--policies"}, {b.config.Policy.Overlay, "--overlay"}} {
		if one.folder == "" {
			continue
		}
		if info, err := os.Stat(one.folder); err != nil || !info.IsDir() {
			return fmt.Errorf("rule book: %s is no folder that can be read; name one with %s", one.folder, one.flag)
		}
	}
	return nil
}

// builtIn reports whether the book is the program's own, as it is.
func (b *book) builtIn() bool { return b.config.Book() == "" && b.config.Policy.Overlay == "" }

func (b *book) files() fs.FS {
	base := fs.FS(policies.FS)
	if folder := b.config.Book(); folder != "" {
		base = os.DirFS(folder)
	}
	if own := b.config.Policy.Overlay; own != "" {
		return overlay.New(base, os.DirFS(own), own)
	}
	return base
}

// decide makes the engine, which asks these information points. What it begins
// with is durable and journalled before anything asks it, and it stays on the
// newest good rule book while l runs.
func (b *book) decide(ctx context.Context, l *life, sources []pip.Source, journal pip.Journal) error {
	c := engine.Config{Timeout: b.config.DecisionTime(), Admit: b.admit, Enact: b.enactor(journal)}
	if b.shadow = b.openShadow(); b.shadow != nil {
		c.Decided = b.shadow.Offer
		l.inBackground(b.shadow.Run)
	}
	b.engine = engine.NewFrom(b.first, sources, b.checkTables, b.log, c)
	var delivered func() delivery.Status
	switch {
	case b.bundles != nil:
		if err := b.bundles.Serve(ctx, b.engine, journal); err != nil {
			return err
		}
		l.inBackground(b.bundles.Run)
		delivered = b.bundles.Status
	case !b.builtIn():
		files := b.files()
		l.inBackground(func(ctx context.Context) {
			b.engine.Watch(ctx, files, b.again, func(revision string, err error) { b.changed(ctx, journal, revision, err) })
		})
	}
	l.inBackground(b.prove)
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

// actionActivate is the journal's word for a rule book that comes into force, or is refused.
const actionActivate = "policy.activate"

// errNotJournalled refuses what would be in force without evidence.
var errNotJournalled = errors.New("a rule book whose coming into force is not journalled is not taken")

// enactor puts an edited rule book in force when the journal has it, and it fits the
// applications of that moment.
func (b *book) enactor(journal pip.Journal) func(context.Context, *engine.Candidate, func()) error {
	return func(ctx context.Context, next *engine.Candidate, put func()) error {
		b.turn.Lock()
		defer b.turn.Unlock()
		if err := b.checkTables(next.Book().Tables.House); err != nil {
			return err
		}
		e := pip.Event{Kind: pip.KindPolicy, Time: time.Now(), Action: actionActivate, Outcome: "success", Revision: next.Revision()}
		if err := journal.Append(context.WithoutCancel(ctx), e); err != nil {
			return fmt.Errorf("%w: %w", errNotJournalled, err)
		}
		put()
		return nil
	}
}

// lookAfter is after how long a rule book is tried again that the journal did not take.
const lookAfter = 30 * time.Second

// changed tells operators what came of an edited rule book, and keeps evidence of one that was
// refused.
func (b *book) changed(ctx context.Context, journal pip.Journal, revision string, err error) {
	if err == nil {
		b.log.Info("a changed rule book is in force", "revision", revision)
		return
	}
	b.log.Error("the changed rule book was refused; the last good one goes on serving", "error", err)
	if errors.Is(err, errNotJournalled) {
		time.AfterFunc(lookAfter, b.look)
		return
	}
	e := pip.Event{
		Kind: pip.KindPolicy, Time: time.Now(), Action: actionActivate, Outcome: "failure", Detail: string(delivery.CodeRefused), Revision: b.engine.Revision(),
	}
	if err := journal.Append(context.WithoutCancel(ctx), e); err != nil {
		b.log.Error("the refusal of a rule book is not journalled", "error", err)
	}
}

// shown is what operators see of the rule book.
func (b *book) shown() *health.Policy {
	p := b.standing()
	if f := b.engine.Overrun(); f != nil {
		p.Overrun = &health.Refused{Time: f.Time, Error: f.Err.Error()}
	}
	if err := b.engine.Interpreted(); err != nil {
		p.Interpreted = err.Error()
	}
	p.Overruns = b.engine.Overruns()
	p.Proof = b.proof(p.Revision)
	if b.shadow != nil {
		now := b.shadow.Status()
		now.List = nil // it is for auditors
		p.Shadow = &now
	}
	return p
}

func (b *book) standing() *health.Policy {
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
	source := "built-in"
	if folder := b.config.Book(); folder != "" {
		source = folder
	}
	if own := b.config.Policy.Overlay; own != "" {
		source += "+" + own
	}
	return source
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
