// Package process wires the whole house: it is the only package that sees all of
// Wardgate. The command and the end-to-end tests run the same one.
package process

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/signing"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/client"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit/anchor"
	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/signals"
)

// Who signs access tokens, and for whom.
const (
	issuer   = "https://wardgate.internal"
	audience = "wardgate"
)

// A Process is one Wardgate process. New opens everything or nothing; Run serves;
// Close gives everything back.
type Process struct {
	config    config.Config
	log       *slog.Logger
	data      *dataFolder
	engine    *engine.Engine
	keeper    *delivery.Follower // nil unless signed bundles are delivered
	journal   *observed
	admin     *admin.Admin
	stores    *stores
	behaviour *signals.Source
	counts    signals.Store   // of behaviour; nil where no engine runs
	reporting *signals.Source // what an engine elsewhere does not see; nil beside an engine
	lost      *lostCounts     // nil unless counts are to be made again
	register  lateRegister    // of whom other systems report
	metrics   *metrics
	reached   listeners
	elsewhere *client.Client // the decision point in another process, nil when it is in this one
	outer     *tls.Config    // of the enforcement point; nil for plain HTTP
	servers   []*server
	closers   []func() error
	workers   []func(ctx context.Context)
	sweeps    []sweep
	started   time.Time

	strangers  *anonymous.Limiter
	statements *signing.Keys    // of what other applications are told; the enforcement point alone has them
	sources    sources          // that the engine asks
	keeping    *anchor.Follower // of the journal's anchor
	shippers   []*ship.Shipper  // without whom no segment of the journal is removed

	stopping atomic.Bool
}

// New checks the configuration, claims the addresses, and opens the rule book
// and the data folder, in this order: what fails early has touched nothing.
func New(ctx context.Context, c config.Config, log *slog.Logger) (*Process, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	a := &Process{config: c, log: log, metrics: newMetrics(), started: time.Now()}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// listeners are the addresses that the configuration names.
type listeners struct {
	pep, extauth, pdp, operations net.Listener // nil where the process lacks the role
	internal, records, inference  net.Listener // with mutual TLS, for an enforcement point elsewhere
}

func (a *Process) open(ctx context.Context) error {
	l, err := a.claim()
	if err != nil {
		return err
	}
	a.reached = l
	if a.outer, err = a.outerTLS(); err != nil {
		return err
	}
	if err := a.openEngine(ctx, &a.sources); err != nil {
		return err
	}
	if a.data, err = openData(a.config.Data, a.config.Demo); err != nil {
		return err
	}
	a.onClose(a.data.Close)
	if err := a.data.whole(a.config.Kept()); err != nil {
		return err
	}
	if err := a.openStores(ctx, &a.sources); err != nil {
		return err
	}
	if a.engine != nil {
		if err := a.servePolicy(ctx); err != nil {
			return err
		}
	}
	if err := a.serveParts(ctx); err != nil {
		return err
	}
	a.metrics.registry.MustRegister(healthMetrics{a})
	return a.begin(ctx)
}

// openEngine loads the rule book. It asks no information point yet.
func (a *Process) openEngine(ctx context.Context, s *sources) error {
	if !a.config.Runs(config.RoleEngine) {
		return nil
	}
	if err := a.openPolicy(ctx, s.list()); err != nil {
		return err
	}
	a.inBackground(a.followPolicy)
	return nil
}

// claim opens the configured addresses of this process's roles, and reports
// all that are taken.
func (a *Process) claim() (listeners, error) {
	var l listeners
	var faults []error
	pep, administrator := a.config.Runs(config.RolePEP), a.config.Runs(config.RoleAdministrator)
	for _, want := range []struct {
		mine         bool
		key, address string
		got          *net.Listener
	}{
		{pep, "pep.listen", a.config.PEP.Listen, &l.pep},
		{pep, "extauth.listen", a.config.ExtAuth.Listen, &l.extauth},
		{administrator, "pdp.listen", a.config.PDP.Listen, &l.pdp},
		{a.config.PDP.ListenInternal != "", "pdp.listen_internal", a.config.PDP.ListenInternal, &l.internal},
		{a.config.Records.Listen != "", "records.listen", a.config.Records.Listen, &l.records},
		{a.config.Inference.Listen != "", "inference.listen", a.config.Inference.Listen, &l.inference},
		{true, "operations.listen", a.config.Operations.Listen, &l.operations},
	} {
		if !want.mine {
			continue
		}
		got, err := listen(want.key, want.address)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		*want.got = bound(got, a.config.Limits.Connections, a.config.Limits.ConnectionsPerAddress)
		a.onClose(closeOnce(got))
	}
	return l, errors.Join(faults...)
}

// closeOnce closes a listener that its server may have closed already.
func closeOnce(l net.Listener) func() error {
	return func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

func (a *Process) onClose(f func() error) { a.closers = append(a.closers, f) }

// Close gives back what New opened, the newest first.
func (a *Process) Close() error {
	var faults []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		faults = append(faults, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(faults...)
}

func (a *Process) outerTLS() (*tls.Config, error) {
	if a.config.PEP.Certificate == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(a.config.PEP.Certificate, a.config.PEP.Key)
	if err != nil {
		return nil, fmt.Errorf("pep.certificate, pep.key: %w", err)
	}
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"h2", "http/1.1"},
	}, nil
}

// begin writes the journal's first record of this run.
func (a *Process) begin(ctx context.Context) error {
	return a.note(ctx, pip.Event{Action: "start", Revision: a.revision()})
}

// note journals what became of this process, where it keeps a journal.
func (a *Process) note(ctx context.Context, e pip.Event) error {
	if a.journal == nil {
		return nil
	}
	e.Kind, e.Time, e.Outcome = pip.KindSystem, time.Now(), "success"
	return a.journal.Append(ctx, e)
}

// Run serves until the context ends, then drains and closes everything. What
// goes on in the background goes on until the last request has been answered:
// who drains needs to know who is cut off as much as before.
func (a *Process) Run(ctx context.Context) error {
	working, rest := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	background.Go(func() { a.sweep(working) })
	for _, work := range a.workers {
		background.Go(func() { work(working) })
	}
	err := serveAll(ctx, a.servers, func() { a.stopping.Store(true) })
	rest()
	background.Wait()
	var counted error
	if a.strangers != nil {
		counted = a.strangers.Flush(context.WithoutCancel(ctx))
	}
	stop := a.note(context.WithoutCancel(ctx), pip.Event{Action: "stop"})
	return errors.Join(err, counted, stop, a.Close())
}

// inBackground has work done from the start of Run until everything has drained.
func (a *Process) inBackground(work func(ctx context.Context)) { a.workers = append(a.workers, work) }

// A sweep forgets what is over of one thing.
type sweep struct {
	what string
	do   func(ctx context.Context) error
}

func (a *Process) onSweep(what string, do func(ctx context.Context) error) {
	a.sweeps = append(a.sweeps, sweep{what, do})
}

// sweep forgets what is over, once a minute.
func (a *Process) sweep(ctx context.Context) {
	ticker := time.NewTicker(time.Minute)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, one := range a.sweeps {
			if err := one.do(ctx); err != nil {
				a.log.Warn("what is over is not forgotten", "of", one.what, "error", err)
			}
		}
	}
}
