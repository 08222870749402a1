package framing

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Listen returns a listener whose connections are followed. Without a TLS
// configuration they speak HTTP/1. With one, which is not changed, the listener
// shakes hands itself, in at most the given time each, and they speak what was
// negotiated. Serve them by a Server.
func Listen(l net.Listener, config *tls.Config, handshake time.Duration, log *slog.Logger) net.Listener {
	if config == nil {
		return plain{l}
	}
	ctx, stop := context.WithCancel(context.Background())
	return &listener{
		Listener: l, config: config, handshake: handshake, log: log,
		ready: make(chan accepted), ctx: ctx, stop: stop,
	}
}

// Serve sets what a server needs to serve a Listener that Listen made with the
// same TLS configuration: HTTP/2 exactly where TLS negotiated it, the way from a
// request to its connection, and r.TLS.
//
// net/http serves HTTP/2 on a *tls.Conn alone, which cannot be followed, or on
// any connection that begins with its preface. It is told to do the latter, and a
// followed connection lets the preface pass where "h2" was negotiated, and there
// alone.
//
// Requests are matched with their frames by counting: net/http answers none by
// itself, and after chunks, which are not followed, a connection serves no other.
func Serve(s *http.Server, config *tls.Config) {
	s.ConnContext = connContext
	s.DisableGeneralOptionsHandler = true
	s.Protocols = new(http.Protocols)
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetHTTP2(config != nil)
	s.Protocols.SetUnencryptedHTTP2(config != nil)
	next := s.Handler
	s.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connKey{}).(*Conn); ok {
			c.begin()
			if c.http1 && len(r.TransferEncoding) > 0 {
				w.Header().Set("Connection", "close")
			}
			if r.TLS == nil {
				r.TLS = c.state
			}
		}
		next.ServeHTTP(w, r)
	})
}

type plain struct{ net.Listener }

// Accept returns the next connection.
func (l plain) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return newConn(c, nil), nil
}

// A listener shakes hands beside accepting, so that a slow client keeps no other
// waiting.
type listener struct {
	net.Listener
	config    *tls.Config
	handshake time.Duration
	log       *slog.Logger

	begin sync.Once
	ready chan accepted
	ctx   context.Context
	stop  context.CancelFunc
	work  sync.WaitGroup
}

type accepted struct {
	conn net.Conn
	err  error
}

// Accept returns the next connection that has shaken hands.
func (l *listener) Accept() (net.Conn, error) {
	l.begin.Do(func() { l.work.Go(l.accept) })
	select {
	case a := <-l.ready:
		return a.conn, a.err
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Close ends the listener and all handshakes.
func (l *listener) Close() error {
	err := l.Listener.Close()
	l.stop()
	l.begin.Do(func() {})
	l.work.Wait()
	return err
}

func (l *listener) accept() {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			if !l.hand(accepted{err: err}) || errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		l.work.Go(func() { l.shake(c) })
	}
}

// hand gives a to Accept. It reports false when the listener is closed.
func (l *listener) hand(a accepted) bool {
	select {
	case l.ready <- a:
		return true
	case <-l.ctx.Done():
		return false
	}
}

func (l *listener) shake(raw net.Conn) {
	c := tls.Server(raw, l.config)
	ctx, cancel := context.WithTimeout(l.ctx, l.handshake)
	defer cancel()
	err := c.HandshakeContext(ctx)
	if err != nil {
		l.log.Debug("no TLS handshake", "error", err)
		sayPlain(err)
		_ = raw.Close() // nothing was said on it
		return
	}
	state := c.ConnectionState()
	if state.NegotiatedProtocol == "h2" && !adequate(&state) {
		_ = c.Close() // net/http would not serve it either
		return
	}
	followed := newConn(c, &state)
	ready := accepted{conn: followed}
	if followed.http1 {
		ready.conn = secure{followed}
	}
	if !l.hand(ready) {
		_ = c.Close() // the listener is closed
	}
}

// sayPlain answers a client that speaks plain HTTP, as net/http does.
func sayPlain(err error) {
	var other tls.RecordHeaderError
	if !errors.As(err, &other) || other.Conn == nil {
		return
	}
	switch string(other.RecordHeader[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO":
		_, _ = io.WriteString(other.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
	}
}

// adequate reports whether HTTP/2 may be spoken under such a TLS (RFC 9113,
// section 9.2.2).
func adequate(s *tls.ConnectionState) bool {
	return s.Version >= tls.VersionTLS13 || s.Version == tls.VersionTLS12 && slices.Contains([]uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	}, s.CipherSuite)
}
