// Package mtls gives each part of Wardgate an X.509 identity (a SPIFFE id in a
// certificate of Wardgate's own authority) and TLS configurations that let two
// named parts speak to each other and refuse everybody else.
package mtls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

const (
	trustDomain   = "wardgate.internal"
	authorityLife = 10 * 365 * 24 * time.Hour
	partLife      = 90 * 24 * time.Hour
	skew          = 5 * time.Minute
)

// An Authority signs the certificates of Wardgate's own parts.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
	trust       *x509bundle.Bundle
}

// Open reads the authority in dir, or makes one there (ca.pem and ca.key, the
// key with mode 0600).
func Open(dir string) (*Authority, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("certificate authority: %w", err)
	}
	certFile, keyFile := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key")
	if _, err := os.Stat(certFile); errors.Is(err, os.ErrNotExist) {
		if err := create(certFile, keyFile); err != nil {
			return nil, fmt.Errorf("make certificate authority: %w", err)
		}
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("certificate authority in %s: %w", dir, err)
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("certificate authority in %s: the key cannot sign", dir)
	}
	domain := spiffeid.RequireTrustDomainFromString(trustDomain)
	return &Authority{
		certificate: pair.Leaf,
		key:         key,
		trust:       x509bundle.FromX509Authorities(domain, []*x509.Certificate{pair.Leaf}),
	}, nil
}

func create(certFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Wardgate internal authority"},
		NotBefore:             time.Now().Add(-skew),
		NotAfter:              time.Now().Add(authorityLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		URIs:                  []*url.URL{{Scheme: "spiffe", Host: trustDomain}},
	}
	der, err := sign(template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	// The certificate comes last: it is what tells a whole authority from half of one.
	if err := writePEM(keyFile, "PRIVATE KEY", raw); err != nil {
		return err
	}
	return writePEM(certFile, "CERTIFICATE", der)
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, template, parent, public, key)
}

func writePEM(file, kind string, der []byte) error {
	return os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// A Part is the identity of one part: "pep", "records", "inference", "admin".
// Its key lives in memory only, and is renewed with its certificate while the
// process runs.
type Part struct {
	authority *Authority
	id        spiffeid.ID

	mu   sync.Mutex
	svid *x509svid.SVID
}

var _ x509svid.Source = (*Part)(nil)

// Issue makes a fresh key and certificate for the named part.
func (a *Authority) Issue(name string) (*Part, error) {
	id, err := partID(name)
	if err != nil {
		return nil, err
	}
	p := &Part{authority: a, id: id}
	if _, err := p.GetX509SVID(); err != nil {
		return nil, err
	}
	return p, nil
}

// GetX509SVID returns the part's certificate, a new one when half of the old
// one's life is over.
func (p *Part) GetX509SVID() (*x509svid.SVID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.svid != nil && time.Until(p.svid.Certificates[0].NotAfter) > partLife/2 {
		return p.svid, nil
	}
	svid, err := p.authority.issue(p.id)
	if err != nil {
		return nil, fmt.Errorf("issue certificate for %s: %w", p.id, err)
	}
	p.svid = svid
	return svid, nil
}

func (a *Authority) issue(id spiffeid.ID) (*x509svid.SVID, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		NotBefore:   time.Now().Add(-skew),
		NotAfter:    time.Now().Add(partLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		URIs:        []*url.URL{id.URL()},
	}
	der, err := sign(template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &x509svid.SVID{ID: id, Certificates: []*x509.Certificate{leaf}, PrivateKey: key}, nil
}

func partID(name string) (spiffeid.ID, error) {
	id, err := spiffeid.FromSegments(spiffeid.RequireTrustDomainFromString(trustDomain), name)
	if err != nil {
		return spiffeid.ID{}, fmt.Errorf("part %q: %w", name, err)
	}
	return id, nil
}

// Server accepts calls from the named part alone.
func (p *Part) Server(caller string) (*tls.Config, error) {
	id, err := partID(caller)
	if err != nil {
		return nil, err
	}
	c := tlsconfig.MTLSServerConfig(p, p.authority.trust, tlsconfig.AuthorizeID(id))
	c.MinVersion = tls.VersionTLS13
	return c, nil
}

// Client calls the named part and nobody else.
func (p *Part) Client(server string) (*tls.Config, error) {
	id, err := partID(server)
	if err != nil {
		return nil, err
	}
	c := tlsconfig.MTLSClientConfig(p, p.authority.trust, tlsconfig.AuthorizeID(id))
	c.MinVersion = tls.VersionTLS13
	return c, nil
}
