// Package clientcatest is an authority for client certificates in tests, good ones and
// those that lack something.
package clientcatest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// An Authority issues certificates.
type Authority struct {
	File string // its certificate (PEM)

	t           testing.TB
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// New makes an authority, and its file. change, if not nil, changes its certificate before
// it is signed.
func New(t testing.TB, name string, change func(*x509.Certificate)) *Authority {
	t.Helper()
	return issued(t, nil, name, change)
}

// Under makes an authority that a vouches for.
func (a *Authority) Under(name string) *Authority {
	a.t.Helper()
	return issued(a.t, a, name, nil)
}

// Certificate is that of a, as machines show it behind their own.
func (a *Authority) Certificate() *x509.Certificate { return a.certificate }

func issued(t testing.TB, by *Authority, name string, change func(*x509.Certificate)) *Authority {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(2, 0, 0),
	}
	if change != nil {
		change(template)
	}
	a := &Authority{t: t, key: newKey(t), File: filepath.Join(t.TempDir(), "ca.pem")}
	if by == nil {
		by = &Authority{certificate: template, key: a.key}
	}
	a.certificate = sign(t, template, by.certificate, a.key, by.key)
	a.Rewrite(a)
	return a
}

// Rewrite has the file of a hold the certificates of these authorities.
func (a *Authority) Rewrite(those ...*Authority) {
	a.t.Helper()
	var all []byte
	for _, one := range those {
		all = append(all, encode(one.certificate)...)
	}
	if err := os.WriteFile(a.File, all, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// Issue makes a machine's certificate. change, if not nil, changes it before it is signed.
func (a *Authority) Issue(name string, change func(*x509.Certificate)) tls.Certificate {
	a.t.Helper()
	return a.IssueFor(name, newKey(a.t), change)
}

// IssueFor is Issue for a key that there is.
func (a *Authority) IssueFor(name string, key *ecdsa.PrivateKey, change func(*x509.Certificate)) tls.Certificate {
	a.t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		NotBefore:   time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(1, 0, 0),
	}
	if change != nil {
		change(template)
	}
	leaf := sign(a.t, template, a.certificate, key, a.key)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

// PEM is a machine's certificate as an officer names it.
func PEM(c tls.Certificate) string { return string(encode(c.Leaf)) }

func encode(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, template, parent *x509.Certificate, subject, issuer *ecdsa.PrivateKey) *x509.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100))
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &subject.PublicKey, issuer)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
