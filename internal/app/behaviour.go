package app

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
	signalstore "github.com/wardgate/wardgate/pip/signals/sqlstore"
)

// behaviour is what is counted of what people do.
type behaviour struct {
	source *signals.Source
	store  *signalstore.Store
}

// openBehaviour opens the counts. They are derived: a file that was lost is
// begun anew, and habits with it.
func (a *App) openBehaviour(ctx context.Context) error {
	db, err := signalstore.Open(ctx, a.data.path("signals.db"))
	if err != nil {
		return fmt.Errorf("signals: %w", err)
	}
	a.onClose(db.Close)
	a.behaviour = behaviour{source: signals.New(db, a.log.With("part", "signals")), store: db}
	return a.behaviour.source.Refresh(ctx, time.Now())
}

// run keeps the counts fresh until the context ends.
func (b *behaviour) run(ctx context.Context) { b.source.Run(ctx, time.Now, nil) }

// sweep forgets what is counted nowhere any more.
func (b *behaviour) sweep(ctx context.Context) error { return b.store.Sweep(ctx, time.Now()) }
