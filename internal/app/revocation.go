package app

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pip/revocation"
)

// followRevocations fills the revocation list from its authority, the session
// database, and has it followed from then on: another process on the same
// database may end sessions too.
func (a *App) followRevocations(ctx context.Context) error {
	list := a.stores.revocations
	follower := revocation.NewFollower(list, a.admin, nil, revocation.Pace{}, a.log.With("part", "revocation"))
	if err := follower.Ask(ctx); err != nil {
		return fmt.Errorf("restore revocations: %w", err)
	}
	a.inBackground(follower.Run)
	a.metrics.revocations(list, follower)
	return nil
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
