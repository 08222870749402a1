package process

import (
	"context"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

// Revocations are which sessions and subjects are revoked: the list that this
// process answers from, and with a Redis the way to tell others.
type revocations struct {
	*revocation.List
	feed    *redisfeed.Redis // nil without a Redis
	changed chan struct{}    // an order of the administrator that the mirror is to carry
}

// newRevocations opens the list, which knows nothing yet, and the way to Redis,
// where this process enforces or decides. A Redis that is gone does not keep the
// process from starting.
func newRevocations(g ground) (*revocations, error) {
	if !g.config.Runs(config.RolePEP) && !g.config.Runs(config.RoleEngine) {
		return nil, nil
	}
	l, r := g.begin(), &revocations{List: revocation.New(), changed: make(chan struct{}, 1)}
	l.onSweep("revocations", func(context.Context) error { r.Forget(time.Now()); return nil })
	if cache := &g.config.Stores.Cache; len(cache.Addresses) > 0 {
		server, err := cache.Redis()
		if err != nil {
			return nil, err
		}
		if r.feed, err = redisfeed.New(server); err != nil {
			return nil, err
		}
		l.onClose(r.feed.Close)
	}
	return r, nil
}

// firstAsk is how long a start waits for what is revoked.
const firstAsk = 5 * time.Second

// followRevocations fills the list from its authority, and follows it from then
// on: the session database, which other processes change too, or a decision point
// in another process. Until that has answered the list knows nothing, which
// denies, and the process is not ready. A database is asked once before anything
// is served, so that a process that starts where it answers is ready at once.
func followRevocations(ctx context.Context, g ground, r *revocations, a *administrator, d *decisionPointClient) {
	if r == nil {
		return
	}
	var authority revocation.Authority = d
	own := a != nil
	if own {
		authority = a
	}
	l, log := g.begin(), g.log.With("part", "revocation")
	var feed revocation.Feed
	if r.feed != nil {
		feed = r.feed
	}
	follower := revocation.NewFollower(r.List, authority, feed, revocation.Pace{}, log)
	if own {
		first, cancel := context.WithTimeout(ctx, firstAsk)
		defer cancel()
		if err := follower.Ask(first); err != nil {
			g.log.Error("no session is let in until it is known what is revoked", "error", err)
		}
	}
	l.inBackground(follower.Run)
	g.board.Revocations(r.List, follower)
	if feed != nil {
		g.board.Feed(follower.Fed)
	}
	if own && r.feed != nil {
		mirror := redisfeed.NewMirror(r.feed, authority, log)
		l.inBackground(mirror.Run)
		l.inBackground(func(ctx context.Context) { r.carry(ctx, mirror) })
		g.board.Mirror(mirror)
	}
}

// carry has the mirror tell others of each order.
func (r *revocations) carry(ctx context.Context, mirror *redisfeed.Mirror) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
			mirror.Kick()
		}
	}
}

// Revoke, Ban and Unban are what the administrator orders, after it has
// written the database. The own list knows at once; Redis follows within
// moments. While Redis fails the mirror goes on trying, and a process that
// misses Redis asks the database.
func (r *revocations) Revoke(ctx context.Context, session string, until time.Time) error {
	defer r.tell()
	return r.List.Revoke(ctx, session, until)
}

// Ban revokes all sessions of a subject.
func (r *revocations) Ban(ctx context.Context, subject string, until time.Time) error {
	defer r.tell()
	return r.List.Ban(ctx, subject, until)
}

// Unban lets a subject in again.
func (r *revocations) Unban(ctx context.Context, subject string) error {
	defer r.tell()
	return r.List.Unban(ctx, subject)
}

func (r *revocations) tell() {
	select {
	case r.changed <- struct{}{}:
	default: // the mirror is told of it anyway
	}
}
