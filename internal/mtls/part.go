package mtls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// The parts of Wardgate that have an identity of their own when each runs in a
// process of its own.
const (
	PEP       = "pep"
	PDP       = "pdp"
	Records   = "records"
	Inference = "inference"
)

// A Part is the identity of one part: "pep", "records", "inference", "admin".
// It proves itself by a certificate, and knows whose certificates to believe.
type Part struct {
	id     spiffeid.ID
	trust  x509bundle.Source
	source x509svid.Source
}

var _ x509svid.Source = (*Part)(nil)

// GetX509SVID returns the certificate that the part proves itself by now.
func (p *Part) GetX509SVID() (*x509svid.SVID, error) { return p.source.GetX509SVID() }

// Issue makes a fresh key and certificate for the named part. They live in
// memory only, and are renewed while the process runs.
func (a *Authority) Issue(name string) (*Part, error) {
	id, err := partID(name)
	if err != nil {
		return nil, err
	}
	p := &Part{id: id, trust: a.trust, source: &issued{authority: a, id: id}}
	if _, err := p.GetX509SVID(); err != nil {
		return nil, err
	}
	return p, nil
}

// issued is a certificate in memory.
type issued struct {
	authority *Authority
	id        spiffeid.ID

	mu   sync.Mutex
	svid *x509svid.SVID
}

// GetX509SVID returns the part's certificate, a new one when half of the old
// one's life is over.
func (p *issued) GetX509SVID() (*x509svid.SVID, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.svid != nil && time.Until(p.svid.Certificates[0].NotAfter) > partLife/2 {
		return p.svid, nil
	}
	key, leaf, err := p.authority.issue(p.id, partLife, nil)
	if err != nil {
		return nil, fmt.Errorf("issue certificate for %s: %w", p.id, err)
	}
	p.svid = &x509svid.SVID{ID: p.id, Certificates: []*x509.Certificate{leaf}, PrivateKey: key}
	return p.svid, nil
}

// issue signs a certificate for the id, which other programs may also reach
// under these host names and addresses.
func (a *Authority) issue(id spiffeid.ID, life time.Duration, hosts []string) (crypto.Signer, *x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		NotBefore:   time.Now().Add(-skew),
		NotAfter:    time.Now().Add(life),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		URIs:        []*url.URL{id.URL()},
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
			continue
		}
		template.DNSNames = append(template.DNSNames, host)
	}
	der, err := sign(template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	return key, leaf, err
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
	c := tlsconfig.MTLSServerConfig(p, p.trust, tlsconfig.AuthorizeID(id))
	c.MinVersion = tls.VersionTLS13
	// A resumed session would not show its certificate again: one that has
	// expired since would go on calling.
	c.SessionTicketsDisabled = true
	return c, nil
}

// Client calls the named part alone.
func (p *Part) Client(server string) (*tls.Config, error) {
	id, err := partID(server)
	if err != nil {
		return nil, err
	}
	c := tlsconfig.MTLSClientConfig(p, p.trust, tlsconfig.AuthorizeID(id))
	c.MinVersion = tls.VersionTLS13
	return c, nil
}

// Calls reports whether the connection proved that the named part is calling.
// Who accepts connections has verified the certificate; this tells whose it is.
func Calls(name string, state *tls.ConnectionState) bool {
	want, err := partID(name)
	if err != nil || state == nil || !state.HandshakeComplete || len(state.PeerCertificates) == 0 {
		return false
	}
	got, err := x509svid.IDFromCert(state.PeerCertificates[0])
	return err == nil && got == want
}
