// Package app wires the whole house: it is the only package that sees all of
// Wardgate. The command and the end-to-end tests run the same App.
package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/mtls"
	"github.com/wardgate/wardgate/pdp/admin"
	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/strangers"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/signals"
)

// Who signs access tokens, and for whom.
const (
	issuer   = "https://wardgate.internal"
	audience = "wardgate"
)

// An App is one Wardgate process. New opens everything or nothing; Run serves;
// Close gives everything back.
type App struct {
	config    Config
	log       *slog.Logger
	data      *dataFolder
	engine    *engine.Engine
	keeper    *delivery.Keeper // nil unless signed bundles are delivered
	journal   *observed
	admin     *admin.Admin
	stores    *stores
	behaviour *signals.Source
	metrics   *metrics
	reached   listeners
	outer     *tls.Config // of the enforcement point; nil for plain HTTP
	servers   []*server
	closers   []func() error
	workers   []func(ctx context.Context)
	sweeps    []sweep
	started   time.Time

	strangers *strangers.Guard
	holders   []audit.Holder // readers without whom no segment of the journal is removed

	stopping atomic.Bool
}

// New checks the configuration, claims the addresses, and opens the rule book
// and the data folder, in this order: what fails early has touched nothing.
func New(ctx context.Context, c Config, log *slog.Logger) (*App, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	a := &App{config: c, log: log, metrics: newMetrics(), started: time.Now()}
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// listeners are the addresses that the configuration names.
type listeners struct{ pep, pdp, extauth, operations net.Listener }

func (a *App) open(ctx context.Context) error {
	l, err := a.claim()
	if err != nil {
		return err
	}
	a.reached = l
	if a.outer, err = a.outerTLS(); err != nil {
		return err
	}
	sources := &sources{}
	if err := a.openPolicy(ctx, sources.list()); err != nil {
		return err
	}
	a.inBackground(a.followPolicy)
	if a.data, err = openData(a.config.Data, a.config.Demo); err != nil {
		return err
	}
	a.onClose(a.data.Close)
	if err := a.data.whole(a.config.databases()); err != nil {
		return err
	}
	if err := a.openStores(ctx, sources); err != nil {
		return err
	}
	if err := a.servePolicy(ctx); err != nil {
		return err
	}
	if err := a.serveParts(); err != nil {
		return err
	}
	return a.begin(ctx)
}

// claim opens the configured addresses, and reports all that are taken.
func (a *App) claim() (listeners, error) {
	var l listeners
	var faults []error
	for _, want := range []struct {
		key, address string
		got          *net.Listener
	}{
		{"pep.listen", a.config.PEP.Listen, &l.pep},
		{"pdp.listen", a.config.PDP.Listen, &l.pdp},
		{"extauth.listen", a.config.ExtAuth.Listen, &l.extauth},
		{"operations.listen", a.config.Operations.Listen, &l.operations},
	} {
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

func (a *App) onClose(f func() error) { a.closers = append(a.closers, f) }

// Close gives back what New opened, the newest first.
func (a *App) Close() error {
	var faults []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		faults = append(faults, a.closers[i]())
	}
	a.closers = nil
	return errors.Join(faults...)
}

// serveParts makes the parts that speak over TLS, and the enforcement point
// that speaks to them.
func (a *App) serveParts() error {
	authority, err := mtls.Open(a.data.path("certs"))
	if err != nil {
		return err
	}
	key, err := assertionKey(a.data.path("keys", "assertion.key"))
	if err != nil {
		return err
	}
	handlers, err := a.applications(key)
	if err != nil {
		return err
	}
	caller, err := authority.Issue("pep")
	if err != nil {
		return err
	}
	applications, err := a.foreignApplications()
	if err != nil {
		return err
	}
	var inner []*server
	for name, h := range handlers {
		s, reached, err := a.serveApplication(authority, caller, name, h)
		if err != nil {
			return err
		}
		inner = append(inner, s)
		applications[name] = reached
	}
	proxy, err := a.enforcementPoint(key, applications)
	if err != nil {
		return err
	}
	decisions, err := a.decisionPoint()
	if err != nil {
		return err
	}
	a.servers = append([]*server{
		newServer("pep", a.reached.pep, a.outer, a.forOtherProxies(proxy), a.log),
		a.forEnvoy(proxy),
		newServer("pdp", a.reached.pdp, nil, decisions, a.log),
	}, inner...)
	a.servers = append(a.servers, newServer("operations", a.reached.operations, nil, a.operations(), a.log))
	if commands := a.controlSocket(); commands != nil {
		a.servers = append(a.servers, commands)
	}
	return nil
}

// serveApplication listens with mutual TLS for one of Wardgate's own parts,
// and says how the enforcement point reaches it.
func (a *App) serveApplication(authority *mtls.Authority, caller *mtls.Part, name string, h http.Handler) (*server, pep.Application, error) {
	part, err := authority.Issue(name)
	if err != nil {
		return nil, pep.Application{}, err
	}
	accept, err := part.Server("pep")
	if err != nil {
		return nil, pep.Application{}, err
	}
	call, err := caller.Client(name)
	if err != nil {
		return nil, pep.Application{}, err
	}
	l, err := listen(name, "127.0.0.1:0")
	if err != nil {
		return nil, pep.Application{}, err
	}
	a.onClose(closeOnce(l))
	return newServer(name, l, accept, h, a.log), pep.Application{
		URL: &url.URL{Scheme: "https", Host: l.Addr().String()},
		Transport: &http.Transport{
			TLSClientConfig:       call,
			DisableCompression:    true,
			MaxIdleConnsPerHost:   256,
			IdleConnTimeout:       90 * time.Second,
			ResponseHeaderTimeout: 30 * time.Second,
		},
	}, nil
}

func (a *App) enforcementPoint(key *assertion.Key, applications map[string]pep.Application) (*pep.Proxy, error) {
	guard, err := a.openStrangers()
	if err != nil {
		return nil, err
	}
	a.strangers = guard
	a.inBackground(guard.Run)
	c := pep.Config{
		Strangers:    guard,
		KnownDevice:  a.admin.KnownDevice,
		Decider:      a.metrics.decider(a.engine),
		Routes:       a.engine,
		Revoker:      a.admin,
		Journal:      a.journal,
		Keys:         a.stores.tokenKeys,
		Tokens:       pep.TokenPolicy{Issuer: issuer, Audience: audience},
		Assertion:    key,
		Applications: applications,
		Elsewhere:    a.config.ExtAuth.Applications,
		Log:          a.log.With("part", "pep"),
		Hosts:        a.hosts(),
		Cuts:         a.stores.revocations,
	}
	return pep.New(c)
}

func (a *App) outerTLS() (*tls.Config, error) {
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
func (a *App) begin(ctx context.Context) error {
	return a.journal.Append(ctx, pip.Event{
		Kind: pip.KindSystem, Time: time.Now(), Action: "start", Outcome: "success", Revision: a.engine.Revision(),
	})
}

// Run serves until the context ends, then drains and closes everything.
func (a *App) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return serveAll(ctx, a.servers) })
	group.Go(func() error { <-ctx.Done(); a.stopping.Store(true); return nil })
	group.Go(func() error { a.sweep(ctx); return nil })
	for _, work := range a.workers {
		group.Go(func() error { work(ctx); return nil })
	}
	err := group.Wait()
	counted := a.strangers.Flush(context.WithoutCancel(ctx))
	stop := a.journal.Append(context.WithoutCancel(ctx), pip.Event{
		Kind: pip.KindSystem, Time: time.Now(), Action: "stop", Outcome: "success",
	})
	return errors.Join(err, counted, stop, a.Close())
}

// inBackground has work done from the start of Run until its context ends.
func (a *App) inBackground(work func(ctx context.Context)) { a.workers = append(a.workers, work) }

// A sweep forgets what is over of one thing.
type sweep struct {
	what string
	do   func(ctx context.Context) error
}

func (a *App) onSweep(what string, do func(ctx context.Context) error) {
	a.sweeps = append(a.sweeps, sweep{what, do})
}

// sweep forgets what is over, once a minute.
func (a *App) sweep(ctx context.Context) {
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
