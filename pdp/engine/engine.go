// Package engine is the policy engine (NIST SP 800-207, section 3): Rego
// behind pdp.Decider. It gathers facts from
// the information points, turns them into the words that the revision's own
// tables define, and asks one prepared query. It never acts on its answer. OPA
// is imported by it and by the packages below it alone.
package engine

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/internal/deadline"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine/input"
	"github.com/wardgate/wardgate/pdp/engine/rulebook"
	"github.com/wardgate/wardgate/pip"
)

// Timeout bounds one decision, facts included, unless a Config says otherwise.
const Timeout = 50 * time.Millisecond

// Config is what may be said of an engine. Its zero value works.
type Config struct {
	Timeout time.Duration // of one decision, facts included; 0 means Timeout
	// Admit is asked about each changed rule book, with its tests and invariants,
	// before it comes into force; its error refuses the book. nil accepts all.
	Admit func(ctx context.Context, files rulebook.Files) error
	// Enact puts a changed rule book in force by calling put, or says why it does not: what
	// has to hold at that moment, and the evidence that comes before it. nil calls put.
	Enact func(ctx context.Context, next *Candidate, put func()) error
	// Decided hears of each decision that was made, and neither waits nor changes it.
	Decided func(r *pdp.Request, d *pdp.Decision)
}

var _ pdp.Decider = (*Engine)(nil)

// An Engine decides by the active revision of a rule book. All its methods may
// be called in parallel. A decision never mixes two revisions.
type Engine struct {
	sources []pip.Source
	check   func(*pdp.Tables) error
	admit   func(ctx context.Context, files rulebook.Files) error
	enact   func(ctx context.Context, next *Candidate, put func()) error
	log     *slog.Logger
	active  atomic.Pointer[Candidate]
	fault   atomic.Pointer[Fault]
	overrun atomic.Pointer[Fault] // the newest decision of the active book that took too long

	overruns atomic.Uint64
	inputs   sync.Pool // of *input.Document
	timeout  time.Duration
	decided  func(r *pdp.Request, d *pdp.Decision)
}

// A Fault is a rule book that was refused. The last good one goes on serving.
type Fault struct {
	Time time.Time
	Err  error
}

// New takes the rule book in fsys through the gate. points are the sections of
// all information points, sources those that there are here: each writes into
// the section of its name. check refuses tables that the enforcement point could
// not read; nil accepts all.
func New(fsys fs.FS, points []pip.Section, sources []pip.Source, check func(*pdp.Tables) error, log *slog.Logger) (*Engine, error) {
	files, err := rulebook.ReadFiles(fsys)
	if err != nil {
		return nil, err
	}
	first, err := Prepare(context.Background(), rulebook.Gate{Points: points, Check: check}, files)
	if err != nil {
		return nil, err
	}
	return NewFrom(first, sources, check, log, Config{}), nil
}

// NewFrom begins with a rule book that was prepared before. check is for those
// that follow.
func NewFrom(first *Candidate, sources []pip.Source, check func(*pdp.Tables) error, log *slog.Logger, c Config) *Engine {
	e := &Engine{sources: sources, check: check, admit: c.Admit, enact: c.Enact, log: log, decided: c.Decided, timeout: c.Timeout}
	if e.timeout == 0 {
		e.timeout = Timeout
	}
	if e.enact == nil {
		e.enact = func(_ context.Context, _ *Candidate, put func()) error { put(); return nil }
	}
	e.Put(first)
	return e
}

// Activate replaces the rule book by the one in fsys, whole, and returns its
// revision. With an error nothing changes and Fault tells why.
func (e *Engine) Activate(fsys fs.FS) (string, error) {
	return e.activate(context.Background(), fsys)
}

func (e *Engine) activate(ctx context.Context, fsys fs.FS) (string, error) {
	files, err := rulebook.ReadFiles(fsys)
	var next *Candidate
	if err == nil {
		gate := rulebook.Gate{Points: e.active.Load().book.Tables.Sections, Check: e.check}
		next, err = Prepare(context.WithoutCancel(ctx), gate, files)
	}
	if err == nil && e.admit != nil {
		err = e.admit(ctx, files)
	}
	if err == nil {
		err = e.enact(ctx, next, func() { e.Put(next) })
	}
	if err != nil {
		e.fault.Store(&Fault{Time: time.Now(), Err: err})
		return "", err
	}
	return next.Revision(), nil
}

// Put replaces the active rule book by a prepared one, whole: a decision that
// has begun ends under the one that it began with.
func (e *Engine) Put(c *Candidate) {
	if slow := c.book.Slow; slow != nil {
		e.log.Warn("OPA's interpreter runs this rule book, which takes longer: it could not be compiled", "reason", slow)
	}
	e.active.Store(c)
	e.fault.Store(nil)
	e.overrun.Store(nil)
}

// Revision is the digest of the active rule book.
func (e *Engine) Revision() string { return e.active.Load().Revision() }

// Rules are the active revision and its files by path, which are not to be
// changed. Tests are none of them.
func (e *Engine) Rules() (revision string, files map[string][]byte) {
	book := e.active.Load().book
	return book.Digest, book.Files
}

// Fault is the refusal of the newest rule book, or nil when that one is active.
func (e *Engine) Fault() *Fault { return e.fault.Load() }

// Tables are what the active revision says to the rest of the house.
func (e *Engine) Tables() *pdp.Tables { return e.active.Load().book.Tables.House }

// Decide answers r from the active revision and the information points. It
// returns within its timeout, or with the context's end; then it denies.
func (e *Engine) Decide(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
	rev := e.active.Load()
	if r.Context.Route != "" && r.Context.Route != rev.Revision() {
		return pdp.Decision{}, pdp.ErrRevisionChanged
	}
	ctx, cancel := deadline.Within(ctx, e.timeout)
	defer cancel()
	rev.book.Tables.Forget(&r.Context)
	in, _ := e.inputs.Get().(*input.Document)
	if in == nil {
		in = &input.Document{}
	}
	defer e.inputs.Put(in)
	in.Reset(rev.layout)
	facts, ages := e.word(ctx, rev, &r, in)
	d, document, err := rev.answer(ctx, in)
	if err != nil {
		e.tookTooLong(&r, err)
		return pdp.Decision{}, fmt.Errorf("decide %s: %w", r.Action.Name, err)
	}
	d.Revision = rev.Revision()
	d.Evidence = pdp.Evidence{
		Input: document, Measures: in.AppendMeasures(nil), Time: r.Context.Time, Ages: ages, Who: facts.Identity, Patient: facts.Patient,
		Address: r.Context.Address, Device: facts.Device, Location: facts.Location,
		Period: rev.book.Tables.Period(r.Context.Time), Travel: facts.Travel,
		Familiar: familiar(&r.Context.LogIn), Elsewhere: rev.book.Tables.Elsewhere[r.Action.Name],
	}
	if e.decided != nil {
		r, d := r, d // only what is told of escapes
		e.decided(&r, &d)
	}
	return d, nil
}

// word gathers what is known about a request and writes it down in the words of
// the rule book's tables.
func (e *Engine) word(ctx context.Context, c *Candidate, r *pdp.Request, in *input.Document) (pip.Facts, map[string]int64) {
	var facts pip.Facts
	ages := make(map[string]int64, len(e.sources))
	e.gather(ctx, c, r, &facts, in, ages)
	fill(in, c.layout, r, &facts, c.book.Tables)
	return facts, ages
}

// answer recalls the answer to this input, or evaluates it. It returns the
// input as JSON beside. An input into which something was written that its
// sections do not declare has no answer.
func (c *Candidate) answer(ctx context.Context, in *input.Document) (pdp.Decision, []byte, error) {
	if err := in.Fault(); err != nil {
		return pdp.Decision{}, nil, err
	}
	document := in.AppendJSON(make([]byte, 0, inputSize))
	in.Key = c.AppendKey(in.Key[:0], in)
	if d, ok := c.memory.recall(in.Key); ok {
		return d, document, nil
	}
	d, err := c.Ask(ctx, in)
	if err != nil {
		return pdp.Decision{}, nil, err
	}
	c.memory.keep(in.Key, d)
	return d, document, nil
}

// inputSize is a little more than a usual input takes as JSON.
const inputSize = 1152
