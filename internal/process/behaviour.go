package process

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/identity"
	identitystore "github.com/wardgate/wardgate/pip/identity/sqlstore"
	"github.com/wardgate/wardgate/pip/signals"
	signalindex "github.com/wardgate/wardgate/pip/signals/elastic"
	signalstore "github.com/wardgate/wardgate/pip/signals/sqlstore"
)

// sweptSignals is a store that is told to forget.
type sweptSignals interface {
	signals.Store
	Sweep(ctx context.Context, now time.Time) error
}

// openBehaviour opens the counts. They are derived: what a file held that was
// lost is counted again from the journal. An Elasticsearch that does not answer leaves
// them unknown until it does; the process starts all the same.
func (a *Process) openBehaviour(ctx context.Context) error {
	store, err := a.signalStore(ctx)
	if err != nil {
		return fmt.Errorf("signals: %w", err)
	}
	a.counts = store
	a.behaviour = signals.New(store, a.log.With("part", "signals"))
	if !a.config.Runs(config.RoleAdministrator) { // else the sentinel has it refreshed
		a.inBackground(func(ctx context.Context) { a.watchBehaviour(ctx, nil) })
	}
	a.onSweep("signals", func(ctx context.Context) error { return store.Sweep(ctx, time.Now()) })
	if a.config.Stores.Signals == config.SignalsInElasticsearch || len(a.config.PulledReports()) > 0 || a.lost != nil {
		return nil
	}
	return a.behaviour.Refresh(ctx, time.Now())
}

func (a *Process) signalStore(ctx context.Context) (_ sweptSignals, err error) {
	if a.config.Stores.Signals == config.SignalsInElasticsearch {
		client, err := connectElastic(&a.config.Stores.Events)
		if err != nil {
			return nil, err
		}
		return a.withReports(signalindex.New(client, signalindex.DefaultPrefix))
	}
	if a.lost, err = a.lostCounts(); err != nil {
		return nil, err
	}
	db, err := signalstore.Open(ctx, a.data.path(countsFile))
	if err != nil {
		return nil, err
	}
	a.onClose(db.Close)
	return a.withReports(db)
}

// A reportedStore also counts what other systems report.
type reportedStore struct {
	sweptSignals
	reported *signalindex.Reported
}

func (r reportedStore) Counts(ctx context.Context, now time.Time) (map[signals.Who]pip.Signals, error) {
	return r.reported.Counts(ctx, now)
}

// withReports adds what other systems report, when the configuration names it.
func (a *Process) withReports(store sweptSignals) (sweptSignals, error) {
	reports := a.config.PulledReports()
	if len(reports) == 0 {
		return store, nil
	}
	client, err := connectElastic(&a.config.Stores.Events)
	if err != nil {
		return nil, err
	}
	return reportedStore{store, signalindex.NewReported(store, client, &a.register, reports)}, nil
}

// A lateRegister is set when ID management has been opened, which needs the
// journal, which needs the counts. E-mail addresses are known where ID
// management runs, and usernames wherever the engine does.
type lateRegister struct {
	usernames atomic.Pointer[identitystore.Store]
	emails    atomic.Pointer[identity.Accounts]
}

// Named knows nothing before it is set: an error, and not nobody.
func (l *lateRegister) Named(ctx context.Context, by signals.By, values []string) (map[string]string, error) {
	usernames, emails := l.usernames.Load(), l.emails.Load()
	switch {
	case by == signals.ByUsername && usernames != nil:
		return usernames.Named(ctx, values)
	case by == signals.ByEmail && emails != nil:
		return emails.Addressed(ctx, values)
	default:
		return nil, fmt.Errorf("no register of accounts by %s is open", by)
	}
}
