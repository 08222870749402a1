package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/wardgate/wardgate/internal/points"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/policies"
)

// accountRoles are those of the active rule book.
func (a *Process) accountRoles() pip.Roles {
	if a.engine == nil {
		return nil
	}
	return a.engine.Tables().Roles
}

// openPolicy makes the engine with its first rule book. It writes nothing, so
// that a rule book that cannot be had leaves the data folder untouched.
func (a *Process) openPolicy(ctx context.Context, sources []pip.Source) error {
	if a.config.Policy.Delivered() {
		return a.openDelivery(ctx, sources)
	}
	if err := a.checkBook(); err != nil {
		return err
	}
	var err error
	a.engine, err = engine.New(a.ruleBook(), points.Sections(), sources, checkTables, a.log)
	return err
}

func (a *Process) openDelivery(ctx context.Context, sources []pip.Source) error {
	source, patience, err := a.config.Policy.Source()
	if err != nil {
		return err
	}
	trust, err := a.config.Policy.Trust()
	if err != nil {
		return fmt.Errorf("policy.verification_keys: %w", err)
	}
	a.keeper, err = delivery.Open(ctx, delivery.Config{
		Dir: filepath.Join(a.config.Data, "policy"), Source: source, Trust: trust, Points: points.Sections(), Check: checkTables,
		Journal: lateJournal{a}, Log: a.log.With("part", "policy"), Patience: patience,
	})
	if err != nil {
		return err
	}
	a.engine = engine.NewFrom(a.keeper.First(), sources, checkTables, a.log)
	return nil
}

// lateJournal is the journal, which is opened after the rule book was read.
type lateJournal struct{ app *Process }

func (j lateJournal) Append(ctx context.Context, e pip.Event) error {
	if j.app.journal == nil {
		return errors.New("the journal is not open yet")
	}
	return j.app.journal.Append(ctx, e)
}

// servePolicy makes durable what the engine begins with, before anybody asks
// it, and begins the reports about it.
func (a *Process) servePolicy(ctx context.Context) error {
	a.metrics.registry.MustRegister(newPolicyMetrics(a))
	if a.keeper != nil {
		if err := a.keeper.Serve(ctx, a.engine); err != nil {
			return err
		}
	}
	return a.openReports()
}

// followPolicy keeps the engine on the newest good rule book.
func (a *Process) followPolicy(ctx context.Context) {
	switch {
	case a.keeper != nil:
		a.keeper.Run(ctx)
	case a.config.Book() != "":
		a.engine.Watch(ctx, a.ruleBook(), a.policyChanged)
	}
}

func (a *Process) ruleBook() fs.FS {
	if a.config.Book() == "" {
		return policies.FS
	}
	return os.DirFS(a.config.Book())
}

// checkBook says plainly that the rule book's folder is not there.
func (a *Process) checkBook() error {
	folder := a.config.Book()
	if folder == "" {
		return nil
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("rule book: %s is no folder that can be read; name one with --policies", folder)
	}
	return nil
}

// checkTables refuses a rule book whose routes the enforcement point could not
// read.
func checkTables(t *pdp.Tables) error {
	_, err := route.New(t)
	return err
}

// policyChanged keeps evidence of an edited rule book, or of one that was
// refused.
func (a *Process) policyChanged(revision string, err error) {
	e := pip.Event{Kind: pip.KindPolicy, Time: time.Now(), Action: "policy.activate", Outcome: "success", Revision: revision}
	if err != nil {
		e.Outcome, e.Detail, e.Revision = "failure", string(delivery.CodeRefused), a.engine.Revision()
		a.log.Error("the changed rule book was refused; the last good one goes on serving", "error", err)
	} else {
		a.log.Info("a changed rule book is in force", "revision", revision)
	}
	if err := a.journal.Append(context.Background(), e); err != nil {
		a.log.Error("policy change not journalled", "error", err)
	}
}

type policyDetail struct {
	Revision    string         `json:"revision"`
	Source      string         `json:"source"` // "built-in", the watched folder, the bundle's file or server
	Bundle      *bundleDetail  `json:"bundle,omitempty"`
	Refused     *refusedDetail `json:"refused,omitempty"`
	Unreachable *refusedDetail `json:"unreachable,omitempty"`
}

type bundleDetail struct {
	Revision   string         `json:"revision"` // what its manifest calls it
	Version    time.Time      `json:"version"`
	Newest     time.Time      `json:"newest"` // the newest version that was ever in force
	Digest     string         `json:"digest"`
	Reached    time.Time      `json:"reached,omitzero"` // when the source last answered
	RolledBack *delivery.Hold `json:"rolled_back,omitempty"`
}

// refusedDetail tells the operator why the newest rule book is not in force.
type refusedDetail struct {
	Time  time.Time `json:"time"`
	Code  string    `json:"code,omitempty"`
	Error string    `json:"error"`
}

func (a *Process) readyPolicy() *policyDetail {
	switch {
	case a.engine == nil && a.elsewhere == nil:
		return nil
	case a.engine == nil:
		return &policyDetail{Revision: a.revision(), Source: a.config.PDP.URL}
	}
	p := &policyDetail{Revision: a.revision(), Source: "built-in"}
	if a.keeper != nil {
		return deliveredDetail(p, a.keeper.Status())
	}
	if folder := a.config.Book(); folder != "" {
		p.Source = folder
	}
	if f := a.engine.Fault(); f != nil {
		p.Refused = &refusedDetail{Time: f.Time, Error: f.Err.Error()}
	}
	return p
}

func deliveredDetail(p *policyDetail, s delivery.Status) *policyDetail {
	p.Source = s.Source
	p.Bundle = &bundleDetail{
		Revision: s.Active.Revision, Version: s.Active.Version, Newest: s.Newest.Version, Digest: s.Active.Digest,
		Reached: s.Reached, RolledBack: s.Held,
	}
	if t := s.Refused; t != nil {
		p.Refused = &refusedDetail{Time: t.Since, Code: string(t.Code), Error: t.Err.Error()}
	}
	if t := s.Unreachable; t != nil {
		p.Unreachable = &refusedDetail{Time: t.Since, Error: t.Err.Error()}
	}
	return p
}
