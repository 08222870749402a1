package smtp

import (
	"context"
	"crypto/tls"
	"net"
)

// A line is the connection of one delivery. The library forgets a connection
// when the server fails it halfway, and this package has to close it.
type line struct {
	implicit bool
	tls      *tls.Config
	conn     net.Conn
}

// Dial opens the line.
func (l *line) Dial(ctx context.Context, network, address string) (c net.Conn, err error) {
	if l.implicit {
		c, err = (&tls.Dialer{Config: l.tls}).DialContext(ctx, network, address)
	} else {
		c, err = (&net.Dialer{}).DialContext(ctx, network, address)
	}
	if err != nil {
		return nil, err
	}
	l.conn = c
	return c, nil
}

// Close closes the line, however its use has ended.
func (l *line) Close() {
	if l.conn != nil {
		_ = l.conn.Close() // it may be closed already
	}
}
