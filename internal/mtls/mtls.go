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
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"github.com/wardgate/wardgate/internal/durable"
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
	if err := durable.MkdirAll(dir, 0o700); err != nil {
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
	// The certificate comes last: it is what tells a whole authority from half
	// of one, whose key has signed nothing and is made again.
	if err := durable.Remove(keyFile); err != nil {
		return err
	}
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

func encodePEM(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// writePEM makes a file for its owner alone. One that is there already is
// a key in use: it is left alone.
func writePEM(file, kind string, der []byte) error {
	return durable.CreateFile(file, encodePEM(kind, der), 0o600)
}
