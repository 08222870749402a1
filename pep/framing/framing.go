// Package framing sees what net/http hides of a connection: how each message says
// where it ends, and frames that ask nothing. A Listener follows the bytes that
// come in, lets a handler ask whether its request has exactly one reading, and ends
// a connection that floods. It changes no byte, and judges nothing but frames.
package framing

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
)

// errFrame ends the reading of a connection. net/http closes it.
var errFrame = errors.New("what follows on the connection has no sound frame")

// A follower reads along. It returns how many of the bytes may be read: fewer
// than it got when what follows has no sound frame.
type follower interface{ follow(b []byte) int }

// A Conn is a connection that is followed.
type Conn struct {
	net.Conn
	follows follower
	state   *tls.ConnectionState // nil for plain HTTP
	http1   bool
	broken  bool          // of the reading side alone
	sound   atomic.Uint64 // heads of HTTP/1 that had one reading, up to the first that had not
	served  uint64        // requests of HTTP/1; of the serving side alone, as is:
	verdict Verdict       // on the newest of them
}

func newConn(c net.Conn, state *tls.ConnectionState) *Conn {
	followed := &Conn{Conn: c, state: state}
	if state != nil && state.NegotiatedProtocol == "h2" {
		followed.follows = &frames{}
	} else {
		followed.follows, followed.http1 = &messages{sound: &followed.sound}, true
	}
	return followed
}

// Read reads what has a sound frame.
func (c *Conn) Read(b []byte) (int, error) {
	if c.broken {
		return 0, errFrame
	}
	n, err := c.Conn.Read(b)
	if n <= 0 {
		return n, err
	}
	good := c.follows.follow(b[:n])
	if good == n {
		return n, err
	}
	c.broken = true
	if good == 0 {
		return 0, errFrame
	}
	return good, nil
}

// CloseWrite ends the sending side alone, where the connection can: a client then
// reads the answer though more of its own is not read.
func (c *Conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// A secure connection speaks HTTP/1 over TLS. net/http asks it for its state.
type secure struct{ *Conn }

// ConnectionState is that of TLS.
func (c secure) ConnectionState() tls.ConnectionState { return *c.state }

// Release ends the following of a connection that has left HTTP, after it was hijacked: what
// comes on it now are no messages. It reports false for one that did not come through a
// Listener, of which nothing was followed.
func Release(c net.Conn) bool {
	if s, ok := c.(secure); ok {
		c = s.Conn
	}
	followed, ok := c.(*Conn)
	if ok {
		followed.follows, followed.broken = anything{}, false
	}
	return ok
}

// anything follows nothing.
type anything struct{}

func (anything) follow(b []byte) int { return len(b) }

type connKey struct{}

func connContext(ctx context.Context, c net.Conn) context.Context {
	switch c := c.(type) {
	case secure:
		return context.WithValue(ctx, connKey{}, c.Conn)
	case *Conn:
		return context.WithValue(ctx, connKey{}, c)
	default:
		return ctx
	}
}

// A Verdict says how much is known of a request's frame.
type Verdict uint8

// The verdicts.
const (
	Unsound Verdict = iota // it has two readings, or none
	Unseen                 // it did not come through a Listener
	Sound
)

// Of returns the verdict on the frame of the request that is being served.
func Of(r *http.Request) Verdict {
	c, ok := r.Context().Value(connKey{}).(*Conn)
	switch {
	case !ok:
		return Unseen
	case c.http1 != (r.ProtoMajor == 1):
		return Unsound
	case c.http1:
		return c.verdict
	default:
		return Sound // net/http reads frames of HTTP/2 strictly
	}
}

// begin is told of each request before it is served. Those of HTTP/1 are served
// one by one, in the order of their heads.
func (c *Conn) begin() {
	if !c.http1 {
		return
	}
	c.served++
	c.verdict = Unsound
	if c.served <= c.sound.Load() {
		c.verdict = Sound
	}
}
