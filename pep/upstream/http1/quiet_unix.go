//go:build unix

package http1

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"syscall"
	"time"
)

// settle is how long a TLS connection with unread bytes has to turn out to hold
// no data, but a session ticket or a change of keys.
const settle = time.Millisecond

// quiet reports whether an idle connection is open and has brought nothing
// since its last answer. It reports what came without having been asked for.
func (c *conn) quiet() bool {
	if mortal, ok := c.Conn.(interface{ Usable() bool }); ok && !mortal.Usable() {
		return false
	}
	secure, socket := unwrap(c.Conn)
	isTLS := secure != nil
	pending, open := peek(socket)
	switch {
	case !open:
		return false
	case !pending:
		return true
	case !isTLS:
		c.report()
		return false
	}
	if secure.SetReadDeadline(time.Now().Add(settle)) != nil {
		return false
	}
	var one [1]byte
	n, err := secure.Read(one[:])
	if n > 0 {
		c.report()
	}
	return n == 0 && errors.Is(err, os.ErrDeadlineExceeded)
}

// unwrap returns the connection's socket, and its TLS if it has that.
func unwrap(c net.Conn) (secure *tls.Conn, socket net.Conn) {
	for {
		if s, ok := c.(*tls.Conn); ok {
			secure = s
		}
		wrapper, ok := c.(interface{ NetConn() net.Conn })
		if !ok {
			return secure, c
		}
		c = wrapper.NetConn()
	}
}

// peek reports whether bytes wait to be read, and whether the connection is open.
func peek(socket net.Conn) (pending, open bool) {
	s, ok := socket.(syscall.Conn)
	if !ok || socket.SetReadDeadline(time.Time{}) != nil {
		return false, false
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return false, false
	}
	err = raw.Read(func(fd uintptr) bool {
		var one [1]byte
		n, _, fault := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		pending = n > 0
		open = pending || errors.Is(fault, syscall.EAGAIN) || errors.Is(fault, syscall.EWOULDBLOCK)
		return true
	})
	return pending, open && err == nil
}
