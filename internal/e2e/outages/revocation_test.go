package outages_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/e2e/rig"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

// outOfReach is the authority of somebody who sees Redis alone.
type outOfReach struct{}

func (outOfReach) Snapshot(context.Context, pip.Mark) (pip.Revocations, error) {
	return pip.Revocations{}, errors.New("out of reach")
}

// TestRedisCarriesRevocations: another process hears through Redis of whom
// this one cuts off, Redis loses all and gets it back, and Redis's death keeps
// nobody from being cut off.
func TestRedisCarriesRevocations(t *testing.T) {
	redis := miniredis.RunT(t)
	w := rig.New(t, func(c *config.Config) {
		c.Stores.Cache.Addresses, c.Stores.Cache.TLS = []string{redis.Addr()}, "off"
	})
	feed, err := redisfeed.New(redisfeed.Config{Addresses: []string{redis.Addr()}})
	if err != nil {
		t.Fatal(err)
	}
	defer feed.Close()
	elsewhere := revocation.New()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	follower := revocation.NewFollower(elsewhere, outOfReach{}, feed, revocation.Pace{}, slog.New(slog.DiscardHandler))
	go func() { defer close(done); follower.Run(ctx) }()
	defer func() { cancel(); <-done }()

	doctor, security := w.As("doctor"), w.As("security")
	me := doctor.Me()
	doctor.Get("/api/patients").Is(200)
	rig.Until(t, "the feed", func() bool { return w.Metric("wardgate_revocation_feed_up") == "1" })

	security.Post("/api/admin/users/"+me.ID+"/ban", map[string]any{"minutes": 5, "reason": "test"}).Is(204)
	doctor.Get("/api/patients").Denied(401, "session_revoked")
	bannedThere := func() bool {
		r, err := elsewhere.Measure(&pip.Query{Subject: me.ID, Now: time.Now()})
		return err == nil && r.Subject
	}
	rig.Until(t, "the ban in another process", bannedThere)

	redis.FlushAll()
	rig.Until(t, "the copy again", func() bool {
		r, err := feed.Snapshot(ctx, pip.Mark{})
		return err == nil && len(r.Bans) == 1 && len(r.Sessions) > 0
	})

	redis.Close()
	rig.Until(t, "the loss to be seen", func() bool { return w.Metric("wardgate_revocation_feed_up") == "0" })
	nurse := w.As("nurse")
	nurse.Get("/api/patients").Is(200)
	security.Post("/api/admin/users/"+nurse.Me().ID+"/revoke", nil).Is(204)
	nurse.Get("/api/patients").Denied(401, "session_revoked")
	if n := w.Metric("wardgate_revocation_mirror_failures_total"); n == "0" || n == "" {
		t.Errorf("%q failures were counted", n)
	}
}
