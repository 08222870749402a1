package balance

import (
	"context"
	"errors"
	"time"

	"github.com/wardgate/wardgate/pep/upstream/http1"
)

// A circuit is open while its server gets no request because it failed too often in a
// row. After each rest one request finds out whether it is well again.
type circuit struct {
	failures int             // in a row, those of one caller once
	callers  map[string]bool // whose failures they are
	open     bool
	until    time.Time // an open one takes nothing before
	turn     int       // what was sent in an earlier turn says nothing of this one
}

// takes reports whether a request may be sent.
func (c *circuit) takes(now time.Time) bool { return !c.open || !now.Before(c.until) }

// begin counts a request in, and returns its turn. Of an open circuit it is one that finds
// out; where it hangs the next does at the time given.
func (c *circuit) begin(next time.Time) (turn int) {
	if c.open {
		c.until = next
	}
	return c.turn
}

// heard notes what came of a request of a turn, at a time from which a rest lasts until
// another.
func (c *circuit) heard(ctx context.Context, turn int, came outcome, err error, most int, now, until time.Time) {
	if turn != c.turn {
		return
	}
	switch {
	case came == answered:
		c.failures, c.callers, c.open = 0, nil, false
	case came == nothing && c.open:
		c.until = now
	case came == failed && c.open:
		c.begins(until)
	case came == failed:
		if c.counts(ctx, err); c.failures >= most {
			c.begins(until)
		}
	}
}

// begins begins a rest.
func (c *circuit) begins(until time.Time) {
	c.open, c.until, c.failures, c.callers = true, until, 0, nil
	c.turn++
}

// counts counts a failure. What a request may have made its server fail with counts once
// for each caller in a row, so that none takes a server out for everybody; that no connection
// was taken no request has caused.
func (c *circuit) counts(ctx context.Context, err error) {
	caller, said := http1.CallerOf(ctx)
	if said && !errors.Is(err, http1.ErrUnreached) {
		if c.callers[caller] {
			return
		}
		if c.callers == nil {
			c.callers = map[string]bool{}
		}
		c.callers[caller] = true
	}
	c.failures++
}
