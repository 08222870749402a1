// Package peer finds out which client a request comes from: the peer of its
// connection or, where that is a proxy that the configuration trusts, the client that
// it names by X-Forwarded-For, Forwarded (RFC 7239) or the PROXY protocol. It
// takes no other peer's word, and judges no place.
package peer

import (
	"net/http"
	"net/netip"
	"slices"
)

const (
	maxHops = 16      // that a header may name
	maxList = 2 << 10 // bytes of all lines of a header
)

// Proxies are the networks of those that hand on others' requests. The zero
// value trusts none.
type Proxies []netip.Prefix

// Has reports whether a is the address of a proxy, not of a client.
func (p Proxies) Has(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsValid() && slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(a) })
}

// Own returns a, or the zero address where a is a proxy's: a request that comes
// from there is another client's, and whose is not known.
func (p Proxies) Own(a netip.Addr) netip.Addr {
	a = a.Unmap()
	if p.Has(a) {
		return netip.Addr{}
	}
	return a
}

// Client returns the address of the client, and false where what a proxy says of
// it has two readings. From any other peer the same headers say nothing.
//
// A list is read from its right end, where the nearest proxy wrote: the first
// address that is no proxy's is the client's, and what stands left of it is the
// client's own invention. The address is the zero one where it is not known: the
// proxy named no client, named a hop "unknown", or named proxies alone.
func (p Proxies) Client(r *http.Request) (netip.Addr, bool) {
	at := Of(r.RemoteAddr)
	if !p.Has(at) {
		return at, true
	}
	lists, forwarded := r.Header["X-Forwarded-For"], r.Header["Forwarded"]
	one, oneOK := p.last(lists, readList)
	other, otherOK := p.last(forwarded, readForwarded)
	switch {
	case !oneOK || !otherOK:
		return netip.Addr{}, false
	case len(lists) == 0:
		return other, true
	case len(forwarded) == 0:
		return one, true
	default:
		return one, one == other
	}
}

// Of returns the IP address of "address:port", or the zero one.
func Of(remote string) netip.Addr {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap()
}

// A route is the hops that a header names, from the client on. A hop that is not
// known is the zero address.
type route struct {
	n    int
	hops [maxHops]netip.Addr
}

func (r *route) add(a netip.Addr) bool {
	if r.n == maxHops {
		return false
	}
	r.hops[r.n] = a
	r.n++
	return true
}

// last reads all lines of a header and returns the last hop that is no proxy.
func (p Proxies) last(lines []string, read func(string, *route) bool) (netip.Addr, bool) {
	var whole route
	size := 0
	for _, line := range lines {
		if size += len(line); size > maxList || !read(line, &whole) {
			return netip.Addr{}, false
		}
	}
	for _, hop := range slices.Backward(whole.hops[:whole.n]) {
		if !p.Has(hop) {
			return hop, true // not known, or the client
		}
	}
	return netip.Addr{}, true
}
