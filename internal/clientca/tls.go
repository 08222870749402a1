package clientca

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

// shown marks tickets of connections on which a certificate was shown.
var shown = []byte("wardgate: a client certificate was shown")

// Asking is a copy of a server's configuration that asks clients for a certificate of the
// authority, and serves those too that show none, or another one: what was shown is for
// Of to look at, for each request. A client that holds a session ticket has proven no key: a
// connection on which a certificate was shown is not resumed, but begun anew.
func (a *Authority) Asking(base *tls.Config) *tls.Config {
	c := base.Clone()
	c.ClientAuth = tls.RequestClientCert
	c.VerifyConnection = func(state tls.ConnectionState) error { return bounded(state.PeerCertificates) }
	c.WrapSession = func(state tls.ConnectionState, s *tls.SessionState) ([]byte, error) {
		if len(state.PeerCertificates) > 0 {
			s.Extra = append(s.Extra, shown)
		}
		return c.EncryptTicket(state, s)
	}
	c.UnwrapSession = func(ticket []byte, state tls.ConnectionState) (*tls.SessionState, error) {
		s, err := c.DecryptTicket(ticket, state)
		if err != nil || s == nil || slices.ContainsFunc(s.Extra, func(e []byte) bool { return bytes.Equal(e, shown) }) {
			return nil, err
		}
		return s, nil
	}
	c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		now := c.Clone()
		now.ClientCAs = a.roots.Now() // the names that a browser chooses a certificate by
		return now, nil
	}
	return c
}

// What a client may show: it is kept as long as the connection is, and looked at again
// and again, for clients that are not known yet.
const (
	maxChain = 4        // certificates
	maxShown = 12 << 10 // bytes of all of them
)

// bounded refuses what no machine shows.
func bounded(shown []*x509.Certificate) error {
	size := 0
	for _, one := range shown {
		size += len(one.Raw)
	}
	if len(shown) > maxChain || size > maxShown {
		return errors.New("the client shows too many certificates, or too large ones")
	}
	return nil
}

// Of is Key of what was shown on a connection, "" for nothing that counts.
func (a *Authority) Of(state *tls.ConnectionState, now time.Time) string {
	if state == nil || !state.HandshakeComplete || state.DidResume {
		return ""
	}
	key, err := a.Key(state.PeerCertificates, now)
	if err != nil {
		return ""
	}
	return key
}
