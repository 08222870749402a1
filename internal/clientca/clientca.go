// Package clientca knows the machines to which one authority of the hospital has issued
// client certificates, by their public keys. The authority is read from a file, again when
// that changes. A certificate that lacks anything proves nothing; who a machine is, and
// what it may, is for others to say.
package clientca

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/renewed"
)

// An Authority is the one whose client certificates count.
type Authority struct {
	// roots are those that count now. While a changed file is no good, the last good ones
	// do: each of them ends by itself.
	roots *renewed.Value[*x509.CertPool]
}

// Open reads the certificates of an authority (PEM), and reports everything that is wrong
// with each.
func Open(file string) (*Authority, error) {
	roots, err := renewed.Read(func() (*x509.CertPool, error) {
		issuers, err := read(file, time.Now())
		return pool(issuers), err
	}, file)
	if err != nil {
		return nil, err
	}
	return &Authority{roots: roots}, nil
}

// plain names the file once.
func plain(file string, err error) error {
	if path, is := errors.AsType[*fs.PathError](err); is {
		return fmt.Errorf("%s: %w", file, path.Err)
	}
	return fmt.Errorf("%s: %w", file, err)
}

func read(file string, now time.Time) ([]*x509.Certificate, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, plain(file, err)
	}
	certificates, err := parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: expected the certificates of an authority (PEM), and nothing else: %w", file, err)
	}
	var faults []error
	for i, one := range certificates {
		if why := unfit(one, now); why != "" {
			faults = append(faults, fmt.Errorf("%s: certificate %d (%s) %s", file, i+1, one.Subject, why))
		}
	}
	return certificates, errors.Join(faults...)
}

// unfit is why a certificate is none of an authority that may issue now, "" for nothing.
func unfit(c *x509.Certificate, now time.Time) string {
	switch {
	case !c.BasicConstraintsValid || !c.IsCA:
		return "is not that of an authority: it may issue none"
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return "is not that of an authority: its key may not sign certificates"
	case now.After(c.NotAfter):
		return "has expired"
	case now.Before(c.NotBefore):
		return "is not valid yet"
	}
	return ""
}

// parse reads one or more certificates and nothing else.
func parse(raw []byte) (all []*x509.Certificate, err error) {
	for len(bytes.TrimSpace(raw)) > 0 {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			return nil, errors.New("what stands there is no PEM")
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("it holds a %s", block.Type)
		}
		one, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	if len(all) == 0 {
		return nil, errors.New("it is empty")
	}
	return all, nil
}

func pool(certificates []*x509.Certificate) *x509.CertPool {
	p := x509.NewCertPool()
	for _, one := range certificates {
		p.AddCert(one)
	}
	return p
}

// Shared names, in order, which of these files (PEM) hold an authority that is one of file
// too, or that vouches for one, or for which one does: the certificates of either would
// prove something at the other.
func Shared(file string, others map[string]string) (names []string) {
	own := certificatesIn(file)
	for _, name := range slices.Sorted(maps.Keys(others)) {
		if slices.ContainsFunc(certificatesIn(others[name]), func(other *x509.Certificate) bool {
			return slices.ContainsFunc(own, func(one *x509.Certificate) bool { return related(one, other) })
		}) {
			names = append(names, name)
		}
	}
	return names
}

// related reports whether two certificates are of one key, or one was issued by the other:
// machines show what lies between them and an authority themselves.
func related(a, b *x509.Certificate) bool {
	return bytes.Equal(a.RawSubjectPublicKeyInfo, b.RawSubjectPublicKeyInfo) ||
		a.CheckSignatureFrom(b) == nil || b.CheckSignatureFrom(a) == nil
}

// certificatesIn are those in a file; none of one that is none.
func certificatesIn(file string) (all []*x509.Certificate) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		if one, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, one)
		}
	}
	return all
}

var (
	errNone    = errors.New("there is no certificate")
	errPurpose = errors.New("its purposes do not name client authentication")
	errCA      = errors.New("it is that of an authority, not of a machine")
)

// Key names the machine to which the authority has issued the first certificate of a
// chain: the SHA-256 of the public key, in hex. The certificate has to be valid now, and to
// name client authentication among its purposes: one that names no purpose is not for this.
func (a *Authority) Key(chain []*x509.Certificate, now time.Time) (string, error) {
	if len(chain) == 0 {
		return "", errNone
	}
	leaf := chain[0]
	switch {
	case leaf.IsCA:
		return "", errCA
	case !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth):
		return "", errPurpose
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: a.roots.Now(), Intermediates: pool(chain[1:]), CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return "", explained(err)
	}
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:]), nil
}

// explained says what is wrong in words of its own where it is one of the usual things.
func explained(err error) error {
	if _, is := errors.AsType[x509.UnknownAuthorityError](err); is {
		return errors.New("it was issued by another authority")
	}
	if invalid, is := errors.AsType[x509.CertificateInvalidError](err); is && invalid.Reason == x509.Expired {
		return errors.New("it has expired, or is not valid yet")
	}
	return err
}

// Named is Key of a certificate (PEM), with those between it and the authority behind it,
// that somebody names. Who names it has not proven to be the machine.
func (a *Authority) Named(text string, now time.Time) (string, error) {
	chain, err := parse([]byte(text))
	if err != nil {
		return "", err
	}
	return a.Key(chain, now)
}
