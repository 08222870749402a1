package http1

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// An Arriving body comes from elsewhere while it is written: reading it takes as long as
// its sender likes, and may fail. Then the connection is reset.
type Arriving interface{ Arriving() }

// A source is an arriving body that remembers how it broke off. What came of it goes out
// before more is waited for.
type source struct {
	io.ReadCloser
	to  *bufio.Writer
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.to.Flush(); err != nil {
		return 0, err // of the connection, and no fault of the source
	}
	n, err := s.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// A plain writer reads nothing by itself, as a bufio.Writer would into its own buffer.
type plain struct{ to *bufio.Writer }

func (p plain) Write(b []byte) (int, error)       { return p.to.Write(b) }
func (p plain) WriteString(s string) (int, error) { return p.to.WriteString(s) }
func (p plain) WriteByte(c byte) error            { return p.to.WriteByte(c) }

// giveUp ends the connection of a request that is cancelled.
func (x *exchange) giveUp() {
	if x.arriving {
		x.conn.reset()
	}
	x.conn.close()
}

// stream writes a request whose body is still arriving.
func (x *exchange) stream(out *http.Request) {
	defer close(x.sent)
	from := &source{ReadCloser: out.Body, to: x.conn.writer}
	out.Body = from
	if x.err = out.Write(plain{x.conn.writer}); x.err == nil {
		x.err = x.conn.writer.Flush()
	}
	if from.err != nil {
		x.cut.Store(&from.err)
		x.conn.reset()
		return
	}
	x.conn.written()
}

// written gives the head of the answer its time, from now on.
func (c *conn) written() {
	c.dueMu.Lock()
	defer c.dueMu.Unlock()
	c.pending, c.by = false, time.Now().Add(c.transport.config.FirstByte)
	if c.heading {
		_ = c.SetReadDeadline(c.by) // a broken connection is found by reading
	}
}

// reset ends the connection so that the upstream cannot take what it got for the whole:
// what is under way is dropped, and TLS ends without saying so.
func (c *conn) reset() {
	at := c.Conn
	for {
		under, covered := at.(interface{ NetConn() net.Conn })
		if !covered {
			break
		}
		at = under.NetConn()
	}
	if tcp, ok := at.(interface{ SetLinger(seconds int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	_ = at.Close()
	c.close()
}
