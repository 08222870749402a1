package analysis

import (
	"context"
	"fmt"

	"github.com/wardgate/wardgate/pdp/engine"
	"github.com/wardgate/wardgate/pip"
)

// maxGroups bounds the groups of flips that a Comparer keeps apart, comparerBytes what it
// remembers of inputs.
const (
	maxGroups     = 200
	comparerBytes = 16 << 20
)

// A Comparer asks a candidate about decisions one by one, as replay does. It is for
// one goroutine at a time.
type Comparer struct{ replayer *replayer }

// NewComparer begins with an empty report.
func NewComparer(c *engine.Candidate, router Router) *Comparer {
	r := newReplayer(c, router, comparerBytes)
	r.report.most = maxGroups
	return &Comparer{r}
}

// Formerly names what the live book does beside its answers; see ReplayConfig.
func (c *Comparer) Formerly(formerly func(revision string) *Former) { c.replayer.formerly = formerly }

// Compare asks about one decision. With an error, a panic among them, nothing of it
// counts but that it failed.
func (c *Comparer) Compare(ctx context.Context, e *pip.Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if !replayable(e) {
		return nil
	}
	return c.replayer.one(ctx, e)
}

// Report is what came of it so far.
func (c *Comparer) Report() *ReplayReport {
	r := newReplayReport(c.replayer.report.Candidate)
	r.merge(c.replayer.report)
	return r
}
