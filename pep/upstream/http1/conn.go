package http1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	bufferSize = 4 << 10
	// maxInterim is how many informational responses are skipped before an answer.
	maxInterim = 8
	// inlineBody is the longest body that is written before anything is read: it
	// fits into the buffers of the two systems, so that neither waits for the other.
	inlineBody = 32 << 10
)

// A conn is one connection. One exchange uses it at a time: the goroutine that
// called RoundTrip reads, and either it or one more writes.
type conn struct {
	net.Conn
	transport *Transport
	session   string
	caller    string // who holds it
	holds     bool   // it counts as the caller's
	reader    *bufio.Reader
	writer    *bufio.Writer
	expiry    *time.Timer // of an idle connection

	left    int           // bytes of a head that may still be read
	wait    time.Duration // for the next byte of a body
	dueMu   sync.Mutex    // of what says by when the next bytes have to come:
	heading bool          // what is read belongs to a head
	by      time.Time     // when the head has to be whole
	pending bool          // a body that arrives from elsewhere is still being written: the head has time until then
	fault   error         // that the last read ended with

	reused bool         // this exchange is not the first
	sent   atomic.Int64 // bytes that were written in this exchange

	ended atomic.Bool
}

// Read reads within the deadline that holds now, and no more of a head than
// its limit.
func (c *conn) Read(b []byte) (int, error) {
	if c.heading {
		if c.left == 0 {
			c.fault = ErrHead
			return 0, ErrHead
		}
		b = b[:min(len(b), c.left)]
	}
	if err := c.giveTime(); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	if c.heading {
		c.left -= n
	}
	c.fault = err
	return n, err
}

// giveTime sets the deadline for the next bytes.
func (c *conn) giveTime() error {
	c.dueMu.Lock()
	defer c.dueMu.Unlock()
	switch {
	case c.heading && c.pending:
		return c.SetReadDeadline(time.Time{})
	case c.heading:
		return c.SetReadDeadline(c.by) // a head that trickles is left too
	default:
		return c.SetReadDeadline(time.Now().Add(c.wait))
	}
}

// head begins or ends the reading of a head. One that begins has to be whole in time.
func (c *conn) head(begins bool) {
	c.dueMu.Lock()
	defer c.dueMu.Unlock()
	c.heading, c.by = begins, time.Now().Add(c.transport.config.FirstByte)
}

// Write writes, and waits for room no longer than for progress.
func (c *conn) Write(b []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.transport.config.Progress)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Write(b)
	c.sent.Add(int64(n))
	return n, err
}

// close ends the connection. That it may be broken already is no fault.
func (c *conn) close() { _ = c.Conn.Close() }

// discard closes the connection and gives its place back, once.
func (c *conn) discard() {
	if c.ended.Swap(true) {
		return
	}
	c.close()
	c.transport.release(c)
}

// exchange sends r and reads the head of its answer. After an error the
// connection is of no use.
func (c *conn) exchange(r *http.Request) (*http.Response, error) {
	x := &exchange{conn: c, request: r, sent: make(chan struct{})}
	_, x.arriving = r.Body.(Arriving)
	x.uncancel = context.AfterFunc(r.Context(), x.giveUp)
	x.send()
	answer, err := c.readHead(r)
	if err != nil {
		x.uncancel()
		if cut := x.cut.Load(); cut != nil {
			return nil, fmt.Errorf("%w: %w", ErrBody, *cut)
		}
		if failed := x.failure(); failed != nil && !errors.Is(err, ErrHead) {
			return nil, failed
		}
		return nil, err
	}
	x.answer = answer
	switch {
	case answer.StatusCode == http.StatusSwitchingProtocols:
		answer.Body = tunnel{x}
	case answer.Body == http.NoBody:
		x.finish(true)
	default:
		answer.Body = &body{ReadCloser: answer.Body, exchange: x}
	}
	return answer, nil
}

// An exchange is one request and its answer.
type exchange struct {
	conn     *conn
	request  *http.Request
	answer   *http.Response
	uncancel func() bool
	arriving bool                  // the body arrives from elsewhere
	cut      atomic.Pointer[error] // why it broke off
	sent     chan struct{}         // closed when the request has been written, or not
	err      error                 // of writing, once sent is closed
	over     atomic.Bool
}

// send writes the request. A long body is written while the answer is awaited:
// an upstream may refuse it before the end.
func (x *exchange) send() {
	out := *x.request
	out.Close = out.Close || x.conn.session == "" && !asksUpgrade(x.request) // a tunnel is never used again
	write := func() {
		defer close(x.sent)
		if x.err = out.Write(x.conn.writer); x.err == nil {
			x.err = x.conn.writer.Flush()
		}
	}
	if x.arriving {
		x.conn.pending = true
		go x.stream(&out) // ends with the body, or with the connection, which finish closes
		return
	}
	if out.Body == nil || out.Body == http.NoBody || out.ContentLength > 0 && out.ContentLength <= inlineBody {
		write()
		return
	}
	go write() // ends with the body, or with the connection, which finish closes
}

// failure is the error of writing, as far as it is known.
func (x *exchange) failure() error {
	select {
	case <-x.sent:
		return x.err
	default:
		return nil
	}
}

// readHead reads the head of the final answer, or of the one that leaves HTTP
// as the request asked.
func (c *conn) readHead(r *http.Request) (*http.Response, error) {
	c.left, c.wait = c.transport.config.HeadLimit, c.transport.config.Progress
	defer c.head(false)
	for range maxInterim {
		c.head(true)
		answer, err := http.ReadResponse(c.reader, r)
		switch {
		case err != nil && c.fault != nil: // the parser calls a cut head malformed
			return nil, c.fault
		case err != nil:
			return nil, err
		case answer.StatusCode >= http.StatusOK:
			return answer, nil
		case answer.StatusCode == http.StatusSwitchingProtocols && asksUpgrade(r):
			return answer, nil
		case answer.StatusCode == http.StatusSwitchingProtocols:
			return nil, ErrHead
		}
	}
	return nil, ErrHead
}

func asksUpgrade(r *http.Request) bool {
	for _, list := range r.Header["Connection"] {
		for option := range strings.SplitSeq(list, ",") {
			if strings.EqualFold(strings.TrimSpace(option), "upgrade") {
				return r.Header.Get("Upgrade") != ""
			}
		}
	}
	return false
}

// finish ends the exchange. The connection is kept when the session may go on
// with it: the request was written and the answer read whole, neither side
// wants it closed, and nothing more has come.
func (x *exchange) finish(whole bool) {
	if x.over.Swap(true) {
		return
	}
	c := x.conn
	cancelled := !x.uncancel()
	unasked := whole && c.reader.Buffered() > 0
	if unasked {
		c.report()
	}
	select {
	case <-x.sent:
	default:
		whole = false // the upstream answered before it had read the request
		if x.arriving {
			c.reset()
		}
	}
	if !whole || unasked || cancelled || x.err != nil || c.session == "" || x.request.Close || x.answer.Close {
		c.discard()
		return
	}
	c.transport.keep(c)
}

// report tells that the upstream sent what no request had asked for.
func (c *conn) report() {
	if f := c.transport.config.Unasked; f != nil {
		f(c.transport.upstream)
	}
}

// A body is the body of an answer. When it has been read to its end the
// connection is free.
type body struct {
	io.ReadCloser
	exchange *exchange
}

func (b *body) Read(p []byte) (int, error) {
	if b.exchange.over.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		b.exchange.finish(errors.Is(err, io.EOF))
	}
	return n, err
}

// Close ends the exchange. What has not been read is not read any more.
func (b *body) Close() error {
	b.exchange.finish(false)
	return nil
}

// A tunnel is what follows an answer that leaves HTTP.
type tunnel struct{ x *exchange }

func (t tunnel) Read(p []byte) (int, error)  { return t.x.conn.reader.Read(p) }
func (t tunnel) Write(p []byte) (int, error) { return t.x.conn.Write(p) }

func (t tunnel) Close() error {
	t.x.finish(false)
	return nil
}
