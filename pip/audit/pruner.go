package audit

import (
	"context"
	"log/slog"
	"time"
)

// pruneEvery is how often segments are looked for whose time is over.
const pruneEvery = time.Hour

// A Pruner removes segments whose time is over, as far as every reader that
// holds the journal back is done with them.
type Pruner struct {
	Journal *Journal
	Retain  time.Duration
	Holds   func() uint64 // the newest record that nothing needs any more
	Log     *slog.Logger
}

// Run prunes now and each hour, until the context ends.
func (p *Pruner) Run(ctx context.Context) {
	ticker := time.NewTicker(pruneEvery)
	defer ticker.Stop()
	for {
		switch n, err := p.Journal.Prune(ctx, time.Now().Add(-p.Retain), p.Holds()); {
		case err != nil && ctx.Err() == nil:
			p.Log.Error("segments of the journal whose time is over are not removed", "error", err)
		case n > 0:
			p.Log.Info("segments of the journal whose time is over are removed", "segments", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
