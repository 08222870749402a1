//go:build integration

package redisfeed_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

// many is an arrangement of servers, which know Wardgate as a user with few
// rights and speak TLS alone.
func many(t *testing.T, m *realserver.ManyRedis) *server {
	t.Helper()
	raw, err := os.ReadFile(m.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(raw)
	trusting := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	admin := redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs: m.Addresses, MasterName: m.Master, Password: m.AdminPassword, SentinelPassword: m.SentinelPassword, TLSConfig: trusting,
	})
	t.Cleanup(func() { _ = admin.Close() })
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	ctx := context.Background()
	each := func(do func(ctx context.Context, c *redis.Client) error) {
		switch one := admin.(type) {
		case *redis.ClusterClient:
			must(one.ForEachMaster(ctx, do))
		case *redis.Client:
			must(do(ctx, one))
		}
	}
	flush := func() { each(func(ctx context.Context, c *redis.Client) error { return c.FlushAll(ctx).Err() }) }
	return &server{
		config: redisfeed.Config{
			Addresses: m.Addresses, SentinelMaster: m.Master, SentinelPassword: m.SentinelPassword,
			Username: realserver.RedisUser, Password: m.Password, TLS: trusting,
		},
		flush: flush,
		restart: func() { // without losing its place among the others
			flush()
			each(func(ctx context.Context, c *redis.Client) error {
				return c.ClientKillByFilter(ctx, "TYPE", "normal").Err()
			})
		},
		pass: time.Sleep,
		del:  func(key string) { must(admin.Del(ctx, key).Err()) },
		set:  func(key, field string) { must(admin.HSet(ctx, key, field, "garbled").Err()) },
	}
}

// Whatever holds for one server holds for servers that belong together, with
// the rights that are documented; and a replica that takes over is believed
// once it is in step, while the authority is asked in between.
func TestManyRedis(t *testing.T) {
	for name, start := range map[string]func(testing.TB) *realserver.ManyRedis{
		"sentinels": realserver.SentinelRedis, "cluster": realserver.ClusterRedis,
	} {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(func() { time.Sleep(3 * time.Second) }) // the client's attempts at dead servers end by themselves
			m := start(t)
			s := many(t, m)
			suite(t, func(*testing.T) *server { s.flush(); return s })
			if denied := m.Denied(); denied != "" {
				t.Errorf("rights are missing: %s", denied)
			}
			t.Run("a fail-over", func(t *testing.T) { testFailOver(t, s, m) })
		})
	}
}

func testFailOver(t *testing.T, s *server, m *realserver.ManyRedis) {
	s.flush()
	b := newBook()
	mirror(t, s, b)
	list, f := follow(t, s.config, b, rarely)
	eventually(t, "the feed", f.Fed)
	before, during, after := uuid.NewString(), uuid.NewString(), uuid.NewString()
	b.end(before)
	eventually(t, "what ended before", func() bool { return revoked(list, before) })

	m.KillPrimary()
	eventually(t, "the loss to be seen", func() bool { return !f.Fed() })
	b.end(during)
	eventually(t, "what ended in between, from the authority", func() bool { return revoked(list, during) })
	if f.Fed() {
		t.Error("the fail-over was over too soon: this shows nothing")
	}
	m.Promoted()
	eventually(t, "the feed from the replica", f.Fed)
	b.setGone(true)
	eventually(t, "nobody but the feed", func() bool { return !f.Fed() }) // who keeps the copy lost its authority
	b.setGone(false)
	eventually(t, "the feed again", f.Fed)
	b.end(after)
	eventually(t, "what ended afterwards", func() bool { return revoked(list, after) })
}
