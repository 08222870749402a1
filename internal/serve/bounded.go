package serve

import (
	"net"
	"net/netip"
	"sync"
)

// A bounded listener closes at once the connections that are too many, in all
// or from one address (in IPv6 one /64), before a byte of them is read. It
// never makes the others wait for them.
type bounded struct {
	net.Listener
	most, mostOfOne int

	mu   sync.Mutex
	open int
	of   map[netip.Prefix]int
}

// Bound bounds the connections of l: how many are open in all, and from one
// address.
func Bound(l net.Listener, most, mostOfOne int) net.Listener {
	return &bounded{Listener: l, most: most, mostOfOne: mostOfOne, of: map[netip.Prefix]int{}}
}

// Accept returns the next connection that is within the bounds.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := networkOf(c)
		if !b.enter(from) {
			_ = c.Close() // nothing was said on it
			continue
		}
		leave := sync.OnceFunc(func() { b.leave(from) })
		if tcp, ok := c.(*net.TCPConn); ok { // keeps what the kernel can copy by itself
			return &boundedTCP{TCPConn: tcp, leave: leave}, nil
		}
		return &boundedConn{Conn: c, leave: leave}, nil
	}
}

func (b *bounded) enter(from netip.Prefix) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open >= b.most || b.of[from] >= b.mostOfOne {
		return false
	}
	b.open++
	b.of[from]++
	return true
}

func (b *bounded) leave(from netip.Prefix) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open--
	if b.of[from]--; b.of[from] == 0 {
		delete(b.of, from)
	}
}

func networkOf(c net.Conn) netip.Prefix {
	at, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Prefix{}
	}
	a := at.Addr().Unmap().WithZone("")
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

type boundedTCP struct {
	*net.TCPConn
	leave func()
}

// Close gives the place back.
func (c *boundedTCP) Close() error {
	defer c.leave()
	return c.TCPConn.Close()
}

type boundedConn struct {
	net.Conn
	leave func()
}

// Close gives the place back.
func (c *boundedConn) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
