// Package anonymous bounds what callers without a session can cost: requests, and
// slow work such as hashing passwords; and of all callers, what comes to nothing. It owns the counts, in memory. It decides
// nothing about access. A session that has ended is none.
package anonymous

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits are the numbers of the active policy. Requests are those of one address,
// in IPv6 of one /64.
type Limits struct {
	PerMinute int // requests of one address off-site
	Burst     int // of them at once
	OffSite   int // requests a minute of all callers off-site together

	OnSitePerMinute int
	OnSiteBurst     int

	FruitlessPerMinute int // requests of one source that came to nothing; 0 for no bound of their own
	FruitlessBurst     int

	AtOnce  int // requests that do slow work
	Waiting int // requests that wait to do slow work
	Costly  map[string]bool
}

// A Caller is who asks.
type Caller struct {
	Address netip.Addr // zero when it is not known
	Known   string     // names a session, or a device or session that proved itself once; "" for an unknown caller
}

// Config is what a limiter is made of. All of it is required.
type Config struct {
	Limits func() Limits
	OnSite func(netip.Addr) bool
}

// A Limiter keeps the bounds. A nil Limiter bounds nothing.
type Limiter struct {
	cfg   Config
	gates [doors]gate

	mu      sync.Mutex
	offSite buckets[netip.Prefix]
	onSite  buckets[netip.Prefix]
	known   buckets[string]
	all     rate.Limiter // of unknown callers off-site, together
	tries   tries
}

// New returns a limiter in which nothing has been counted.
func New(c Config) (*Limiter, error) {
	var faults []error
	need := func(ok bool, what string) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s is required", what))
		}
	}
	need(c.Limits != nil, "a source of limits")
	need(c.OnSite != nil, "a table of places")
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("limits of callers without a session: %w", err)
	}
	return &Limiter{cfg: c}, nil
}

// Admit takes one request of a caller's share. Where none is left it returns
// false, and after how long to come again.
func (g *Limiter) Admit(c Caller, now time.Time) (wait time.Duration, ok bool) {
	if g == nil {
		return 0, true
	}
	l := g.cfg.Limits()
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case c.Known != "":
		g.known.limit(l.PerMinute, l.Burst)
		return g.known.take(c.Known, now)
	case g.cfg.OnSite(c.Address):
		g.onSite.limit(l.OnSitePerMinute, l.OnSiteBurst)
		return g.onSite.take(networkOf(c.Address), now)
	}
	g.offSite.limit(l.PerMinute, l.Burst)
	if wait, ok = g.offSite.take(networkOf(c.Address), now); !ok {
		return wait, false
	}
	adjust(&g.all, l.OffSite, max(1, l.OffSite/6))
	return take(&g.all, now)
}

// networkOf is what counts as one address: a client that has one IPv6 address
// has all 2^64 of its network.
func networkOf(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
