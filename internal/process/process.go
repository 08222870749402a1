// Package process is one Wardgate process: it makes the parts that its roles
// need, in one function and in the order of what needs what, and runs and closes
// them. It is the only package that sees the whole house. The command and the
// end-to-end tests run the same Process.
package process

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wardgate/wardgate/internal/clientca"
	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/health"
	"github.com/wardgate/wardgate/internal/serve"
)

// A Process is one Wardgate process. New opens everything or nothing; Run
// serves; Close gives everything back.
type Process struct {
	config    config.Config
	log       *slog.Logger
	board     *health.Board
	listening *addresses
	book      *book // nil where no engine runs
	parts     []*life
	servers   []*serve.Server // in the order in which they drain
	reloader  *reloader
}

// New checks the configuration, claims the addresses, and opens the rule book
// and the data folder, in this order: what fails early has touched nothing.
func New(ctx context.Context, c config.Config, log *slog.Logger) (*Process, error) {
	workstations, err := c.WorkstationAuthority()
	if err := errors.Join(c.Check(), err); err != nil {
		return nil, err
	}
	p := &Process{config: c, log: log, board: health.NewBoard(c.RoleNames())}
	if err := p.open(ctx, workstations); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// open makes the parts in the order of what needs what. A part is nil where the
// process lacks the role.
func (p *Process) open(ctx context.Context, workstations *clientca.Authority) (err error) {
	g := ground{config: &p.config, log: p.log, board: p.board, parts: &p.parts, workstations: workstations, known: &atomic.Pointer[config.Config]{}}
	if err := p.claim(ctx, &g); err != nil {
		return err
	}
	decisionPoint, err := newDecisionPointClient(g)
	if err != nil {
		return err
	}
	revocations, err := newRevocations(g)
	if err != nil {
		return err
	}
	patients, err := newRecords(ctx, g)
	if err != nil {
		return err
	}
	facts, err := newFacts(ctx, g, p.book)
	if err != nil {
		return err
	}
	journal, err := newJournal(ctx, g, observes(facts, decisionPoint))
	if err != nil {
		return err
	}
	if err := startEngine(ctx, g, p.book, facts, revocations, journal); err != nil {
		return err
	}
	statements, err := newStatements(g, journal)
	if err != nil {
		return err
	}
	administrator, err := newAdministrator(ctx, g, p.book, facts, revocations, journal, patients)
	if err != nil {
		return err
	}
	if err := fillDemo(ctx, g, patients, facts); err != nil {
		return err
	}
	followRevocations(ctx, g, revocations, administrator, decisionPoint)
	services, err := ownServices(g, patients, administrator, statements)
	if err != nil {
		return err
	}
	questions := ask(p.book, administrator, decisionPoint)
	kept := trail{journal: journal}
	if kept.refusals, err = newRefusals(g, questions.tables, journal); err != nil {
		return err
	}
	enforcement, err := newEnforcement(g, p.listening, questions, services, statements, kept, revocations)
	if err != nil {
		return err
	}
	decisions, err := servePDP(g, p.book, kept, p.listening)
	if err != nil {
		return err
	}
	remote, err := serveRemote(g, p.listening, p.book, administrator, facts, services)
	if err != nil {
		return err
	}
	operations := serve.HTTP("operations", p.listening.operations, nil, onlyLoopback(g.config, p.board.Handler()), p.log)
	control, err := serveControl(g, administrator, p.book, facts, journal, statements)
	if err != nil {
		return err
	}
	p.reloader = newReloader(g, journal, p.book, administrator, enforcement)
	// First what users reach, last what that depends on, and what says that this
	// process stops.
	p.servers = slices.Concat(enforcement.outer, decisions, enforcement.inner, remote, []*serve.Server{operations}, control)
	if err := journal.start(ctx, questions.revision()); err != nil {
		return err
	}
	return g.seal(ctx, journal)
}

// claim takes the addresses, opens the rule book and claims the data: a rule book that cannot be
// had has touched no data.
func (p *Process) claim(ctx context.Context, g *ground) (err error) {
	if err = p.listen(*g); err != nil {
		return err
	}
	g.known.Store(g.config)
	if p.book, err = openBook(ctx, *g); err != nil {
		return err
	}
	return g.openData()
}

// listen claims the addresses. The demo is at home where it listens: the port may have
// been left to the system.
func (p *Process) listen(g ground) (err error) {
	if p.listening, err = newAddresses(g); err != nil {
		return err
	}
	if p.config.Demo && p.config.PEP.Home == "" && p.listening.pep != nil {
		p.config.PEP.Home = p.Address()
	}
	return nil
}

// Run serves until the context ends, then drains and closes everything. What
// goes on in the background goes on until the last request has been answered:
// a decision while draining needs fresh facts as much as one before.
func (p *Process) Run(ctx context.Context) error {
	working, rest := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	for _, part := range p.parts {
		background.Go(func() { part.Run(working) })
	}
	err := serve.All(ctx, p.servers, p.board.Stopping)
	rest()
	background.Wait()
	return errors.Join(err, p.Close())
}

// Close gives back what New opened, the newest first.
func (p *Process) Close() error {
	var faults []error
	for i := len(p.parts) - 1; i >= 0; i-- {
		faults = append(faults, p.parts[i].Close())
	}
	p.parts = nil
	return errors.Join(faults...)
}
