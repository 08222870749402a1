package mtls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"slices"
	"time"
)

// A handshake looks at certificates once, and a connection may live for weeks
// after it. What follows looks at them again for each request.

// WhileValid serves callers as long as the certificates that they showed are
// valid. A connection that outlived them is broken off before anything of the
// request is looked at, as a new handshake would be. A nil now is the wall
// clock.
func WhileValid(next http.Handler, now func() time.Time) http.Handler {
	if now == nil {
		now = time.Now
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil && !valid(r.TLS.PeerCertificates, now()) {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, r)
	})
}

func valid(chain []*x509.Certificate, now time.Time) bool {
	for _, c := range chain {
		if now.Before(c.NotBefore) || now.After(c.NotAfter) {
			return false
		}
	}
	return true
}

// early is how long before the end of a certificate a connection is given up:
// the part that was called must not be the first to notice.
const early = time.Second

// Dialer connects to the named part alone, as http.Transport's
// DialTLSContext does. A connection takes no request any more once a
// certificate is over that was shown on it, by either side: nothing of the
// request is sent, and the transport connects anew, with what then proves who
// calls. The dialer's timeout bounds the handshake too.
func (p *Part) Dialer(server string, d *net.Dialer) (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	config, err := p.Client(server)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c := config.Clone()
		var own tls.Certificate
		show := c.GetClientCertificate
		c.GetClientCertificate = func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			shown, err := show(asked)
			if err == nil {
				own = *shown
			}
			return shown, err
		}
		if d.Timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, d.Timeout)
			defer cancel()
		}
		raw, err := d.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		conn := tls.Client(raw, c)
		if err := conn.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, raw.Close())
		}
		until, err := end(own, conn.ConnectionState().PeerCertificates)
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return &mortal{Conn: conn, until: until.Add(-early)}, nil
	}, nil
}

// end is when the first of the certificates ends.
func end(own tls.Certificate, peer []*x509.Certificate) (time.Time, error) {
	all := slices.Clone(peer)
	for _, raw := range own.Certificate {
		c, err := x509.ParseCertificate(raw)
		if err != nil {
			return time.Time{}, err
		}
		all = append(all, c)
	}
	if len(peer) == 0 || len(own.Certificate) == 0 {
		return time.Time{}, errors.New("a side showed no certificate")
	}
	first := all[0].NotAfter
	for _, c := range all {
		if c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	return first, nil
}

var errOver = errors.New("a certificate of this connection has expired")

// A mortal connection takes nothing after its end. What was sent before is
// still answered; a request that is just being sent breaks off.
type mortal struct {
	net.Conn
	until time.Time // of the wall clock, as certificates are
}

// Usable reports whether the connection takes another request.
func (m *mortal) Usable() bool { return !time.Now().After(m.until) }

// NetConn is the connection below, as of tls.Conn.
func (m *mortal) NetConn() net.Conn { return m.Conn }

func (m *mortal) Write(b []byte) (int, error) {
	if !m.Usable() {
		return 0, errors.Join(errOver, m.Close())
	}
	return m.Conn.Write(b)
}
