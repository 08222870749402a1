package e2e_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

// outOfReach is the authority of somebody who sees Redis alone.
type outOfReach struct{}

func (outOfReach) Snapshot(context.Context, pip.Mark) (pip.Revocations, error) {
	return pip.Revocations{}, errors.New("out of reach")
}

// metric reads one sample.
func (w *world) metric(name string) string {
	w.t.Helper()
	res, err := http.Get(w.app.Operations() + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// TestRedisCarriesRevocations: another process hears through Redis of whom
// this one cuts off, Redis loses all and gets it back, and Redis's death keeps
// nobody from being cut off.
func TestRedisCarriesRevocations(t *testing.T) {
	redis := miniredis.RunT(t)
	w := newWorld(t, func(c *config.Config) {
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

	doctor, security := w.as("doctor"), w.as("security")
	me := doctor.me()
	doctor.get("/api/patients").is(200)
	until(t, "the feed", func() bool { return w.metric("wardgate_revocation_feed_up") == "1" })

	security.post("/api/admin/users/"+me.ID+"/ban", map[string]any{"minutes": 5, "reason": "test"}).is(204)
	doctor.get("/api/patients").denied(401, "session_revoked")
	bannedThere := func() bool {
		var f pip.Facts
		err := elsewhere.Gather(ctx, &pip.Query{Subject: me.ID, Now: time.Now()}, &f)
		return err == nil && f.Revocation.Subject
	}
	until(t, "the ban in another process", bannedThere)

	redis.FlushAll()
	until(t, "the copy again", func() bool {
		r, err := feed.Snapshot(ctx, pip.Mark{})
		return err == nil && len(r.Bans) == 1 && len(r.Sessions) > 0
	})

	redis.Close()
	until(t, "the loss to be seen", func() bool { return w.metric("wardgate_revocation_feed_up") == "0" })
	nurse := w.as("nurse")
	nurse.get("/api/patients").is(200)
	security.post("/api/admin/users/"+nurse.me().ID+"/revoke", nil).is(204)
	nurse.get("/api/patients").denied(401, "session_revoked")
	if n := w.metric("wardgate_revocation_mirror_failures_total"); n == "0" || n == "" {
		t.Errorf("%q failures were counted", n)
	}
}
