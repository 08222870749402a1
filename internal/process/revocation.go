package process

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

// cutOff is who is cut off: the list that this process answers from, what
// keeps it new, and with a Redis what tells others.
type cutOff struct {
	*revocation.List
	feed   *redisfeed.Redis  // nil without a Redis
	mirror *redisfeed.Mirror // nil without a Redis, or before the administrator is there
}

// openRevocations opens the list, which knows nothing yet, and the way to
// Redis. A Redis that is gone keeps nobody from starting.
func (a *Process) openRevocations() (*cutOff, error) {
	c := &cutOff{List: revocation.New()}
	if cache := &a.config.Stores.Cache; len(cache.Addresses) > 0 {
		reached, err := cache.Redis()
		if err != nil {
			return nil, err
		}
		if c.feed, err = redisfeed.New(reached); err != nil {
			return nil, err
		}
		a.onClose(c.feed.Close)
	}
	return c, nil
}

// mirrorRevocations has the administrator's changes carried to Redis.
func (a *Process) mirrorRevocations(authority revocation.Authority) {
	c := a.stores.revocations
	if c.feed == nil {
		return
	}
	c.mirror = redisfeed.NewMirror(c.feed, authority, a.log.With("part", "revocation"))
	a.inBackground(c.mirror.Run)
	a.metrics.mirror(c.mirror)
}

// followRevocations fills the revocation list from its authority, and has it
// followed from then on: the session database, which other processes change
// too, or the decision point elsewhere. Until that has answered the list knows
// nothing, which denies, and the process is not ready; it asks until it is. A
// database is asked once before anything is served, so that who starts where it
// answers is ready at once.
func (a *Process) followRevocations(ctx context.Context) {
	c := a.stores.revocations
	if c == nil {
		return
	}
	var authority revocation.Authority = a.elsewhere
	if a.admin != nil {
		authority = a.admin
	}
	var feed revocation.Feed
	if c.feed != nil {
		feed = c.feed
	}
	follower := revocation.NewFollower(c.List, authority, feed, revocation.Pace{}, a.log.With("part", "revocation"))
	if a.admin != nil {
		first, cancel := context.WithTimeout(ctx, firstAsk)
		defer cancel()
		if err := follower.Ask(first); err != nil {
			a.log.Error("nobody is let in until it is known who is cut off", "error", err)
		}
	}
	a.inBackground(follower.Run)
	a.metrics.revocations(c.List, follower)
}

// firstAsk is how long a start waits for who is cut off.
const firstAsk = 5 * time.Second

// Revoke, Ban and Unban are what the administrator orders, after it has
// written the database. The own list knows at once; Redis follows within
// moments, and its failure is nobody's: the mirror goes on trying, and who
// misses Redis asks the database.
func (c *cutOff) Revoke(ctx context.Context, session string, until time.Time) error {
	defer c.tellOthers()
	return c.List.Revoke(ctx, session, until)
}

// Ban cuts a subject off.
func (c *cutOff) Ban(ctx context.Context, subject string, until time.Time) error {
	defer c.tellOthers()
	return c.List.Ban(ctx, subject, until)
}

// Unban lets a subject in again.
func (c *cutOff) Unban(ctx context.Context, subject string) error {
	defer c.tellOthers()
	return c.List.Unban(ctx, subject)
}

func (c *cutOff) tellOthers() {
	if c.mirror != nil {
		c.mirror.Kick()
	}
}

// revocations has the age of the list and the state of its feed measured.
func (m *metrics) revocations(list *revocation.List, follower *revocation.Follower) {
	m.registry.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "wardgate_revocation_age_seconds",
			Help: "Time since the revocation list last heard from its authority or a feed; above 2 it is stale.",
		}, func() float64 { return list.Reading().Age.Seconds() }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "wardgate_revocation_feed_up",
			Help: "1 while the revocation feed answers; 0 without one, when the authority is asked instead.",
		}, func() float64 {
			if follower.Fed() {
				return 1
			}
			return 0
		}),
	)
}

// mirror has what Redis did not take counted.
func (m *metrics) mirror(mirror *redisfeed.Mirror) {
	m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "wardgate_revocation_mirror_failures_total",
		Help: "Failed attempts to bring the copy of the revocations in Redis up to date.",
	}, func() float64 { return float64(mirror.Failures()) }))
}
