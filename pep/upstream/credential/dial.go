package credential

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// ErrUnasked says that an upstream let a connection in without asking for the client's
// certificate: it does not know who forwards to it.
var ErrUnasked = errors.New("the upstream did not ask for the client certificate that is configured for it")

// A Dial opens connections.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// DialTLS opens connections on which the client's certificate of this moment was asked
// for and shown. trust says who vouches for the upstream and is not changed.
func (c *Credentials) DialTLS(dial Dial, trust *tls.Config) Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		socket, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		asked := false
		config := trust.Clone()
		config.NextProtos = []string{"http/1.1"}
		config.ClientSessionCache = nil // a resumed session asks for nothing
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked = true
			return c.certificate(), nil
		}
		secure := tls.Client(socket, config)
		err = secure.HandshakeContext(ctx)
		if err == nil && !asked {
			err = ErrUnasked
		}
		if err != nil {
			return nil, errors.Join(err, socket.Close())
		}
		return secure, nil
	}
}

// Shows reports whether there is a certificate to show.
func (c *Credentials) Shows() bool { return c.files.Certificate != "" }
