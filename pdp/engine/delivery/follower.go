package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/wardgate/wardgate/internal/effort"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/analysis"
	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/prove"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
)

const (
	// testsWithin bounds the tests that a bundle carries.
	testsWithin = 30 * time.Second
	// ahead is how far a bundle's version may lie before this machine's clock.
	// A version from the far future would bar every bundle after it.
	ahead = 5 * time.Minute
)

// Config is what a Follower needs.
type Config struct {
	Dir    string // where the mark and the last good bundles are kept
	Source Source
	Trust  *bundle.Trust
	Points []pip.Section           // of all information points
	Check  func(*pdp.Tables) error // refuses tables that the enforcement point could not read; nil accepts all
	// Admit is asked about each bundle that is good otherwise; its error refuses the
	// bundle. resumed is true for the last good one at the start, which was in force
	// before. nil accepts all.
	Admit func(ctx context.Context, b *bundle.Bundle, resumed bool) error
	// Turn is held from the last Check of a bundle until it is in force; nil when nothing else
	// changes that it has to fit.
	Turn sync.Locker
	Log  *slog.Logger
	// Patience is the longest pause before a source that failed is asked again;
	// a minute when zero.
	Patience time.Duration
}

// A Follower keeps an engine on the newest good bundle. Its methods may be
// called in parallel.
type Follower struct {
	config Config
	first  *engine.Candidate
	begins *bundle.Bundle // that of first
	fresh  bool           // first was not in force before

	turn    sync.Mutex // one bundle at a time; guards what follows
	cache   *cache
	engine  Engine
	journal pip.Journal // of what came into force, before it does, and of what was refused
	tag     string

	mu      sync.Mutex
	status  Status
	inForce *bundle.Bundle
}

// Open returns a Follower with a first rule book: the last good one, or, when
// there is none yet or it is no longer good, what the source has. It fails
// when neither can be had: nothing could be decided. It writes nothing: that is
// for Serve, when the caller has the folder for itself.
func Open(ctx context.Context, c Config) (*Follower, error) {
	s, err := openCache(c.Dir)
	if err != nil {
		return nil, err
	}
	f := &Follower{config: c, cache: s}
	f.status = Status{Source: c.Source.Name(), Refusals: map[Code]uint64{}}
	var lastGood error
	if !s.empty() {
		if lastGood = f.openLastGood(ctx); lastGood == nil {
			return f, nil
		}
		c.Log.Error("the last good rule book cannot be used; asking the source", "error", lastGood)
	}
	if err := f.openSource(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("rule book from %s: %w", c.Source.Name(), err), lastGood)
	}
	return f, nil
}

// First is the rule book that the engine begins with.
func (f *Follower) First() *engine.Candidate { return f.first }

// Serve names the engine that began with First and the journal of evidence, before Run and Rollback and
// before the engine is asked. A first rule book that was not in force before is
// made durable and journalled now.
func (f *Follower) Serve(ctx context.Context, e Engine, journal pip.Journal) error {
	f.turn.Lock()
	defer f.turn.Unlock()
	now, err := openCache(f.config.Dir)
	if err != nil {
		return err
	}
	if now.mark.Newest != f.cache.mark.Newest || now.mark.Active != f.cache.mark.Active {
		return fmt.Errorf("policy folder %s was changed by another process; start again", f.config.Dir)
	}
	f.engine, f.journal = e, journal
	if !f.fresh {
		f.activated(f.begins, time.Now())
		return nil
	}
	if err := f.cache.make(); err != nil {
		return err
	}
	var held *Hold
	if f.same(f.begins) {
		held = f.cache.mark.Held
	}
	if refusal := f.activate(ctx, f.begins, f.first, held, pip.Event{Action: "policy.activate"}); refusal != nil {
		return refusal
	}
	return nil
}

// openLastGood takes the bundle that was in force. It was journalled then; it
// is verified, compiled and tested anew, because keys and programs change.
func (f *Follower) openLastGood(ctx context.Context) error {
	packed, err := f.cache.packed(f.cache.mark.Active)
	if err != nil {
		return err
	}
	b, c, refusal := f.examine(ctx, packed, true)
	if refusal != nil {
		return fmt.Errorf("the last good rule book: %w", refusal)
	}
	if b.Digest != f.cache.mark.Active.Digest {
		return errors.New("the last good rule book was changed on disk")
	}
	f.first, f.begins = c, b
	return nil
}

func (f *Follower) openSource(ctx context.Context) error {
	arrival, err := f.config.Source.Fetch(ctx, "")
	if err != nil {
		return err
	}
	if arrival.Packed == nil {
		return errors.New("it has no bundle")
	}
	b, c, refusal := f.examine(ctx, arrival.Packed, false)
	if refusal == nil && !f.same(b) {
		refusal = f.order(b)
	}
	if refusal != nil {
		return refusal
	}
	f.first, f.begins, f.fresh, f.tag = c, b, true, arrival.Tag
	f.reached(time.Now())
	return nil
}

// examine verifies, compiles, checks and tests a bundle. It looks at nothing
// but the bundle, which was in force before when it is resumed.
func (f *Follower) examine(ctx context.Context, packed []byte, resumed bool) (*bundle.Bundle, *engine.Candidate, *Refusal) {
	b, err := f.config.Trust.Read(packed)
	if err != nil {
		return nil, nil, refuse(codeOf(err), err)
	}
	c, err := engine.Prepare(ctx, rulebook.Gate{Points: f.config.Points, Check: f.config.Check, TestsLeftOut: b.Files.Tests() == 0}, b.Files)
	if err != nil {
		return nil, nil, refuse(CodeRefused, err)
	}
	if err := runTests(ctx, b.Files); err != nil {
		return nil, nil, refuse(CodeTests, err)
	}
	if f.config.Admit != nil {
		if err := f.config.Admit(ctx, b, resumed); errors.Is(err, prove.ErrFalse) {
			return nil, nil, refuse(CodeProof, err)
		} else if err != nil {
			return nil, nil, refuse(CodeNotProved, err)
		}
	}
	return b, c, nil
}

// runTests runs the tests that a bundle carries, if any. A test that fails, or
// that does not end in time, refuses the bundle.
func runTests(ctx context.Context, files rulebook.Files) error {
	if files.Tests() == 0 {
		return nil
	}
	ctx, cancel := effort.Within(ctx, testsWithin)
	defer cancel()
	report, err := analysis.TestFiles(ctx, files, analysis.TestOptions{})
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("the rule book's tests did not end within %s: %w", testsWithin, ctx.Err())
	case err != nil:
		return err
	case report.OK():
		return nil
	}
	for i := range report.Tests {
		if t := &report.Tests[i]; t.Outcome == "fail" || t.Outcome == "error" {
			return fmt.Errorf("%d of the rule book's tests fail; the first is %s (%s:%d)", report.Failed, t.Name, t.File, t.Line)
		}
	}
	return fmt.Errorf("%d of the rule book's tests fail", report.Failed)
}

// order refuses a bundle that is not newer than all that were ever in force.
func (f *Follower) order(b *bundle.Bundle) *Refusal {
	if now := time.Now(); b.Version.After(now.Add(ahead)) {
		return refuse(CodeFuture, fmt.Errorf("the bundle's version %s lies in the future; the clock here says %s",
			b.Version.Format(time.RFC3339), now.UTC().Format(time.RFC3339)))
	}
	newest := f.cache.mark.Newest
	if f.cache.empty() || b.Version.After(newest.Version) {
		return nil
	}
	return refuse(CodeOlder, fmt.Errorf("the bundle's version %s is not newer than %s, the newest that was ever in force",
		b.Version.Format(time.RFC3339Nano), newest.Version.Format(time.RFC3339Nano)))
}

// same reports whether b holds the rules that are in force, in the same
// version: nothing is to be done. It may be signed anew.
func (f *Follower) same(b *bundle.Bundle) bool { return f.cache.mark.Active.is(b) }

// settled reports whether nothing is to be done about b: it is in force, or it
// is what an operator went back from.
func (f *Follower) settled(b *bundle.Bundle) bool {
	return f.same(b) || f.cache.mark.Held != nil && f.cache.mark.Newest.is(b)
}
