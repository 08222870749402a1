package redisfeed_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"github.com/wardgate/wardgate/pip/revocation"
	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

// faulty puts a proxy between a follower and its Redis.
func faulty(t *testing.T, upstream string) *toxiproxy.Proxy {
	t.Helper()
	log := zerolog.Nop()
	p := toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), log), "redis", "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// faultSuite: whatever happens between a follower and its Redis, revocations
// and lifted bans arrive by way of the authority, nothing that was known is
// lost, and the feed is taken up again.
func faultSuite(t *testing.T, open func(*testing.T) *server) {
	toxics := map[string]string{
		"latency":   `{"type":"latency","attributes":{"latency":3000}}`,
		"reset":     `{"type":"reset_peer","attributes":{"timeout":0}}`,
		"half-open": `{"type":"timeout","attributes":{"timeout":0}}`,
		"slow":      `{"type":"bandwidth","attributes":{"rate":0}}`,
		"cut":       "",
	}
	for name, toxic := range toxics {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			b := newBook()
			known, during, after := uuid.NewString(), uuid.NewString(), uuid.NewString()
			b.end(known)
			b.ban("u-1")
			mirror(t, s, b)
			proxy := faulty(t, s.config.Addresses[0])
			list, f := follow(t, redisfeed.Config{Addresses: []string{proxy.Listen}}, b, rarely)
			eventually(t, "the feed", func() bool { return f.Fed() && revoked(list, known) && banned(list, "u-1") })

			if toxic == "" {
				proxy.Stop()
			} else if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
				t.Fatal(err)
			}
			b.end(during)
			b.unban("u-1")
			eventually(t, "the change in spite of the fault", func() bool { return revoked(list, during) && !banned(list, "u-1") })
			if !revoked(list, known) {
				t.Error("the fault shortened the list")
			}

			if toxic == "" {
				if err := proxy.Start(); err != nil {
					t.Fatal(err)
				}
			} else {
				proxy.Toxics.ResetToxics(t.Context())
			}
			eventually(t, "the feed again", f.Fed)
			b.end(after)
			eventually(t, "a revocation afterwards", func() bool { return revoked(list, after) })
		})
	}
}

func TestFaultsBeforeTheEmbeddedRedis(t *testing.T) {
	faultSuite(t, func(t *testing.T) *server { return embedded(t) })
}

// BenchmarkEnforcement measures the time from a revocation to the last of three
// followers that hear of it over Redis.
func BenchmarkEnforcement(b *testing.B) {
	s := embedded(b)
	authority := newBook()
	m, _ := mirror(b, s, authority)
	var lists []*revocation.List
	for range 3 {
		list, f := follow(b, s.config, authority, revocation.Pace{})
		eventually(b, "the feed", f.Fed)
		lists = append(lists, list)
	}
	enforcement(b, authority, m, lists)
}

func enforcement(b *testing.B, authority *book, m *redisfeed.Mirror, lists []*revocation.List) {
	var took []time.Duration
	for b.Loop() {
		session := uuid.NewString()
		begun := time.Now()
		authority.end(session)
		m.Kick()
		for _, l := range lists {
			for !revoked(l, session) {
				time.Sleep(20 * time.Microsecond)
			}
		}
		took = append(took, time.Since(begun))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
