//go:build integration

package redisfeed_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/wardgate/wardgate/internal/realserver"
	"github.com/wardgate/wardgate/pip"
	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

// real is a Redis server of its own for one test.
func real(t *testing.T) *server {
	t.Helper()
	r := realserver.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: r.Address})
	t.Cleanup(func() { _ = client.Close() })
	must := func(err error) {
		if err != nil {
			t.Error(err)
		}
	}
	ctx := context.Background()
	s := &server{
		config:  redisfeed.Config{Addresses: []string{r.Address}},
		flush:   func() { must(client.FlushAll(ctx).Err()) },
		restart: r.Restart,
		pass:    time.Sleep,
		del:     func(key string) { must(client.Del(ctx, key).Err()) },
		set:     func(key, field string) { must(client.HSet(ctx, key, field, "garbled").Err()) },
	}
	s.flush()
	return s
}

func TestRealRedis(t *testing.T) { suite(t, real) }

func TestFaultsBeforeTheRealRedis(t *testing.T) { faultSuite(t, real) }

// A server that speaks TLS alone and wants a password is reached with both,
// and with neither is not.
func TestRealRedisWithTLSAndPassword(t *testing.T) {
	r := realserver.SecureRedis(t)
	raw, err := os.ReadFile(r.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(raw)
	trusting := &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	for _, tt := range []struct {
		name     string
		password string
		tls      *tls.Config
		want     bool
	}{
		{"both", r.Password, trusting, true},
		{"no password", "", trusting, false},
		{"wrong password", "wrong", trusting, false},
		{"an authority that nobody knows", r.Password, &tls.Config{MinVersion: tls.VersionTLS12}, false},
		{"plain", r.Password, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := redisfeed.New(redisfeed.Config{Addresses: []string{r.Address}, Password: tt.password, TLS: tt.tls})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			b := newBook()
			m := redisfeed.NewMirror(c, b, quiet)
			stop := run(t, m.Run)
			defer stop()
			if !tt.want {
				eventually(t, "a failure", func() bool { return m.Failures() > 0 })
				return
			}
			eventually(t, "a copy", func() bool {
				_, err := c.Snapshot(t.Context(), pip.Mark{})
				return err == nil
			})
		})
	}
}
