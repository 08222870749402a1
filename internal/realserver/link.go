package realserver

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// A Link stands between a program and a server, and fails as networks do. It
// begins whole.
type Link struct {
	Address string // to connect to instead of the server's

	t     testing.TB
	proxy *toxiproxy.Proxy
}

// NewLink makes a link to the server at an address, for the rest of the test.
func NewLink(t testing.TB, server string) *Link {
	t.Helper()
	l := &Link{t: t}
	l.proxy = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), t.Name(), "127.0.0.1:0", server)
	if err := l.proxy.Start(); err != nil {
		t.Fatalf("link: %v", err)
	}
	l.Address = l.proxy.Listen
	t.Cleanup(l.proxy.Stop)
	return l
}

// Slow delays each piece of data, by this many milliseconds in each direction.
func (l *Link) Slow(milliseconds int) {
	l.t.Helper()
	l.add("latency", fmt.Sprintf(`{"latency": %d}`, milliseconds))
}

// Narrow lets so many kilobytes a second through.
func (l *Link) Narrow(kilobytes int) {
	l.t.Helper()
	l.add("bandwidth", fmt.Sprintf(`{"rate": %d}`, kilobytes))
}

// HalfOpen keeps connections open, and nothing comes through: what a firewall
// does that forgets them.
func (l *Link) HalfOpen() {
	l.t.Helper()
	l.add("timeout", `{"timeout": 0}`)
}

// Reset breaks each connection as soon as something is sent on it.
func (l *Link) Reset() {
	l.t.Helper()
	l.add("reset_peer", `{"timeout": 0}`)
}

// Cut closes all connections, and refuses new ones.
func (l *Link) Cut() { l.proxy.Stop() }

// Heal makes the link whole again.
func (l *Link) Heal() {
	l.t.Helper()
	l.proxy.Toxics.ResetToxics(context.Background())
	if l.proxy.Enabled {
		return
	}
	if err := l.proxy.Start(); err != nil {
		l.t.Fatalf("link: %v", err)
	}
}

func (l *Link) add(kind, attributes string) {
	l.t.Helper()
	for _, stream := range []string{"upstream", "downstream"} {
		_, err := l.proxy.Toxics.AddToxicJson(strings.NewReader(fmt.Sprintf(
			`{"name": "%s_%s", "type": "%s", "stream": "%s", "attributes": %s}`, kind, stream, kind, stream, attributes)))
		if err != nil {
			l.t.Fatalf("link: %v", err)
		}
	}
}
