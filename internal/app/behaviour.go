package app

import (
	"context"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/pip/signals"
	signalstore "github.com/wardgate/wardgate/pip/signals/sqlstore"
)

// openBehaviour opens the counts. They are derived: a file that was lost is
// begun anew, and habits with it.
func (a *App) openBehaviour(ctx context.Context) error {
	db, err := signalstore.Open(ctx, a.data.path("signals.db"))
	if err != nil {
		return fmt.Errorf("signals: %w", err)
	}
	a.onClose(db.Close)
	a.behaviour = signals.New(db, a.log.With("part", "signals"))
	a.inBackground(func(ctx context.Context) { a.behaviour.Run(ctx, time.Now, nil) })
	a.onSweep("signals", func(ctx context.Context) error { return db.Sweep(ctx, time.Now()) })
	return a.behaviour.Refresh(ctx, time.Now())
}
