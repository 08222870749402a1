package mtls

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/wardgate/wardgate/internal/renewed"
)

// Files says where a part's certificate lies. The key must be readable by its
// owner only.
type Files struct {
	Authority   string // PEM: whose certificates are believed
	Certificate string // PEM
	Key         string // PEM
}

// In names the files that Write makes in dir for the named part.
func In(dir, name string) Files {
	return Files{
		Authority:   filepath.Join(dir, "ca.pem"),
		Certificate: filepath.Join(dir, name+".pem"),
		Key:         filepath.Join(dir, name+".key"),
	}
}

// Load reads the identity of the named part. A certificate that is another
// part's, has expired or was signed by another authority is refused here: it
// would be refused by every peer. Renewed files are noticed while the process
// runs.
func Load(name string, f Files) (*Part, error) {
	id, err := partID(name)
	if err != nil {
		return nil, err
	}
	domain := id.TrustDomain()
	trust, err := x509bundle.Load(domain, f.Authority)
	if err != nil {
		return nil, fmt.Errorf("%s: expected PEM certificates of an authority: %w", f.Authority, plain(err))
	}
	if len(trust.X509Authorities()) == 0 {
		return nil, fmt.Errorf("%s: holds no certificate of an authority", f.Authority)
	}
	source := &filed{id: id, files: f, trust: trust}
	if source.svid, err = renewed.Read(source.read, f.Certificate, f.Key); err != nil {
		return nil, err
	}
	return &Part{id: id, trust: trust, source: source}, nil
}

// filed is a certificate in files that another program renews.
type filed struct {
	id    spiffeid.ID
	files Files
	trust *x509bundle.Bundle

	svid *renewed.Value[*x509svid.SVID]
}

// GetX509SVID reads renewed files. While what lies there is no good, the last
// good certificate serves: it ends by itself.
func (f *filed) GetX509SVID() (*x509svid.SVID, error) { return f.svid.Now(), nil }

func (f *filed) read() (*x509svid.SVID, error) {
	if err := f.files.private(); err != nil {
		return nil, err
	}
	pair, err := tls.LoadX509KeyPair(f.files.Certificate, f.files.Key)
	if err != nil {
		return nil, fmt.Errorf("%s, %s: expected a PEM certificate and its key: %w", f.files.Certificate, f.files.Key, plain(err))
	}
	return f.verified(pair)
}

func (f *filed) verified(pair tls.Certificate) (*x509svid.SVID, error) {
	chain := make([]*x509.Certificate, 0, len(pair.Certificate))
	for _, raw := range pair.Certificate {
		one, err := x509.ParseCertificate(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.files.Certificate, err)
		}
		chain = append(chain, one)
	}
	id, _, err := x509svid.Verify(chain, f.trust)
	key, signs := pair.PrivateKey.(crypto.Signer)
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return nil, fmt.Errorf("%s: the certificate has expired or is not valid yet; make a new one", f.files.Certificate)
	case err != nil:
		return nil, fmt.Errorf("%s: not accepted under %s: %w", f.files.Certificate, f.files.Authority, err)
	case id != f.id:
		return nil, fmt.Errorf("%s: is the certificate of %s, expected %s", f.files.Certificate, id, f.id)
	case !signs:
		return nil, fmt.Errorf("%s: the key cannot sign", f.files.Key)
	}
	return &x509svid.SVID{ID: id, Certificates: chain, PrivateKey: key}, nil
}

// private reports a file that is missing, and a key that others can read.
func (f Files) private() error {
	_, err := os.Stat(f.Certificate)
	if err != nil {
		return err
	}
	key, err := os.Stat(f.Key)
	if err != nil {
		return err
	}
	if key.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s can be read by others: mode %v, 0600 is needed", f.Key, key.Mode().Perm())
	}
	return nil
}

// plain drops the operation from an error about a file, whose name the caller
// has said.
func plain(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// Write makes a key and a certificate for the named part, good for life, and
// keeps them in dir. Peers know a part by its id: the host names are for other
// programs. It never overwrites a file.
func (a *Authority) Write(dir, name string, hosts []string, life time.Duration) (Files, error) {
	files := In(dir, name)
	id, err := partID(name)
	if err != nil {
		return files, err
	}
	key, leaf, err := a.issue(id, life, hosts)
	if err != nil {
		return files, fmt.Errorf("issue certificate for %s: %w", name, err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return files, fmt.Errorf("issue certificate for %s: %w", name, err)
	}
	return files, errors.Join(writePEM(files.Key, "PRIVATE KEY", raw), writePEM(files.Certificate, "CERTIFICATE", leaf.Raw))
}
