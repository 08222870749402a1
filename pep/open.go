package pep

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/framing"
	"github.com/wardgate/wardgate/pep/upstream"
)

// readOpening reads the opening of a WebSocket where the application takes some. Elsewhere, and
// for another proxy, which would have to keep what is promised of an open connection, it
// is a request like any other: nothing of the wish to leave HTTP goes on.
func (x *exchange) readOpening() (flaw string) {
	if x.asked != nil || !x.applications.Upstreams[x.application()].WebSocket || !upstream.AsksWebSocket(x.incoming) {
		return ""
	}
	opens, ok := upstream.ReadHandshake(x.incoming)
	if !ok {
		return code.UpgradeMalformed
	}
	x.opens = opens
	return ""
}

// leaves reports whether the connection leaves HTTP if the application agrees.
func (x *exchange) leaves() bool {
	return x.opens.Opens() && x.applications.Upstreams[x.application()].WebSocket
}

// opened keeps the evidence of a WebSocket before the client learns that it is open.
func (p *Proxy) opened(res *http.Response, x *exchange) error {
	set := res.Header["Set-Cookie"]
	if !x.leaves() || !x.opens.Accepted(res.Header, x.applications.Upstreams[x.application()].AnswerHeaders) {
		return errNotFinal
	}
	x.fruitless = false
	p.giveCookies(x, set, res.Header)
	return p.goesOut(res, x, nil)
}

var (
	errEarly    = errors.New("the client sent something before the connection was open")
	errUnhijack = errors.New("the connection cannot leave HTTP")
)

// An opening is the client's side of a connection that may leave HTTP. Everything that passes
// is counted, and nothing of it is read.
type opening struct {
	upstream.Final
	request *http.Request
	conn    *open // nil while it has not left
}

// Hijack takes the connection out of HTTP. What is sent on it before the application has agreed
// would be read in two ways.
func (o *opening) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(o.W).Hijack()
	if err != nil {
		return nil, nil, errUnhijack
	}
	if buffered.Reader.Buffered() > 0 {
		return nil, nil, errors.Join(errEarly, conn.Close())
	}
	framing.Release(conn)
	o.conn = &open{Conn: conn}
	// One that neither reads nor writes would not notice its end.
	o.conn.leave = context.AfterFunc(o.request.Context(), func() { _ = conn.Close() })
	return o.conn, buffered, nil
}

// open is a client's connection that has left HTTP.
type open struct {
	net.Conn
	leave     func() bool
	got, sent atomic.Int64 // bytes
}

// Read reads what the client sends.
func (c *open) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.got.Add(int64(n))
	return n, err
}

// Write sends a part to the client, which has to take it in time.
func (c *open) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(upstream.Patience)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b)
	c.sent.Add(int64(n))
	return n, err
}

// WriteTo passes on what the client sends, until it ends.
func (c *open) WriteTo(w io.Writer) (int64, error) { return pump(w, c) }

// ReadFrom passes on what the client gets, until it ends.
func (c *open) ReadFrom(r io.Reader) (int64, error) { return pump(writeOnly{c}, r) }

type writeOnly struct{ io.Writer }

// The memory in which one direction waits, and in which it carries much.
const (
	waiting  = 512
	carrying = 32 << 10
)

// pump copies. Most connections wait most of the time, and there are many of them: they wait in
// little memory, and what carries much gets more.
func pump(w io.Writer, r io.Reader) (total int64, err error) {
	little := make([]byte, waiting)
	buffer := little
	for {
		n, err := r.Read(buffer)
		if n > 0 {
			total += int64(n)
			if _, err := w.Write(buffer[:n]); err != nil {
				return total, err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return total, nil
		case err != nil:
			return total, err
		case n < waiting:
			buffer = little
		case n == len(buffer) && n < carrying:
			buffer = make([]byte, min(8*n, carrying))
		}
	}
}

// Close ends the connection.
func (c *open) Close() error {
	c.leave()
	return c.Conn.Close()
}

// closed keeps evidence of a connection that had left HTTP and has ended, unless breakOff will.
func (p *Proxy) closed(x *exchange, o *opening) {
	if o.conn == nil {
		return
	}
	if x.inflight != nil {
		if why, _ := x.inflight.Revoked(); why != "" {
			return
		}
	}
	err := p.cameOf(context.WithoutCancel(o.request.Context()), x, &pdp.Outcome{
		Status: http.StatusSwitchingProtocols, Outcome: "success", Detail: pdp.DetailClosed,
	})
	if err != nil {
		p.cfg.Log.Error("the end of a connection is not journalled", "decision", x.id, "error", err)
	}
}
