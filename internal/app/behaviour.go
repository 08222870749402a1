package app

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
	signalindex "github.com/wardgate/wardgate/pip/signals/elastic"
	signalstore "github.com/wardgate/wardgate/pip/signals/sqlstore"
)

// Where counts of behaviour are kept: stores.signals.
const (
	signalsInSQL           = "sql"
	signalsInElasticsearch = "elasticsearch"
)

// sweptSignals is a store that is told to forget.
type sweptSignals interface {
	signals.Store
	Sweep(ctx context.Context, now time.Time) error
}

// openBehaviour opens the counts. They are derived: a file that was lost is
// begun anew, and habits with it. An Elasticsearch that does not answer leaves
// them unknown until it does; the process starts all the same.
func (a *App) openBehaviour(ctx context.Context) error {
	store, err := a.signalStore(ctx)
	if err != nil {
		return fmt.Errorf("signals: %w", err)
	}
	a.behaviour = signals.New(store, a.log.With("part", "signals"))
	if !a.config.runs(RoleAdministrator) { // else the sentinel has it refreshed
		a.inBackground(func(ctx context.Context) { a.behaviour.Run(ctx, time.Now, nil) })
	}
	a.onSweep("signals", func(ctx context.Context) error { return store.Sweep(ctx, time.Now()) })
	if a.config.Stores.Signals == signalsInElasticsearch {
		return nil
	}
	return a.behaviour.Refresh(ctx, time.Now())
}

func (a *App) signalStore(ctx context.Context) (sweptSignals, error) {
	if a.config.Stores.Signals == signalsInElasticsearch {
		client, err := a.config.Stores.Events.connect()
		if err != nil {
			return nil, err
		}
		return signalindex.New(client, signalindex.DefaultPrefix), nil
	}
	db, err := signalstore.Open(ctx, a.data.path("signals.db"))
	if err != nil {
		return nil, err
	}
	a.onClose(db.Close)
	return db, nil
}

func (c *Config) checkSignals(fault func(string, ...any)) {
	switch c.Stores.Signals {
	case signalsInSQL:
	case signalsInElasticsearch:
		if len(c.Stores.Events.Elasticsearch.Addresses) == 0 {
			fault("stores.signals: elasticsearch needs stores.events.elasticsearch.addresses")
		}
	default:
		fault("stores.signals: expected sql or elasticsearch")
	}
}
