// Package servercert is what a listener proves itself with: certificates in files, of which
// each connection gets the one that suits the name it asks for. Files that another program
// renews are read again.
package servercert

import (
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/renewed"
)

// A Pair says where a certificate, with what vouches for it behind it, and its key lie
// (PEM).
type Pair struct {
	Name             string // by which operators know it, such as "pep.certificates[1]"
	Certificate, Key string // files
}

// Read is what the files hold.
func (p Pair) Read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(p.Certificate, p.Key)
	return &pair, err
}

// A Set is the certificates of one listener. The first serves clients for which none is
// made. Its methods may be called in parallel.
type Set struct{ all []one }

type one struct {
	name string
	pair *renewed.Value[*tls.Certificate]
}

// Open reads all pairs, of which there has to be one, and reports all that are no good by
// their names. One that has expired is taken: what a client makes of it is the client's, and
// Standing tells.
func Open(pairs ...Pair) (*Set, error) {
	s := &Set{}
	var faults []error
	for _, p := range pairs {
		pair, err := renewed.Read(p.Read, p.Certificate, p.Key)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", p.Name, err))
			continue
		}
		s.all = append(s.all, one{p.Name, pair})
	}
	if len(pairs) == 0 {
		faults = append(faults, errors.New("there is no certificate"))
	}
	return s, errors.Join(faults...)
}

// Get is the certificate for a connection, as tls.Config's GetCertificate: the first that is
// made for the name that the client asks for, and with which it can do something.
func (s *Set) Get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	first := s.all[0].pair.Now()
	if len(s.all) == 1 || hello.SupportsCertificate(first) == nil {
		return first, nil
	}
	for _, other := range s.all[1:] {
		if c := other.pair.Now(); hello.SupportsCertificate(c) == nil {
			return c, nil
		}
	}
	return first, nil
}

// Standing is how one certificate stands.
type Standing struct {
	Name    string
	Expires time.Time
	Fault   error // of its files as they are now; the last good ones serve
}

// Standing looks at the files of all.
func (s *Set) Standing() []Standing {
	all := make([]Standing, 0, len(s.all))
	for _, c := range s.all {
		pair, err := c.pair.Look()
		all = append(all, Standing{c.name, pair.Leaf.NotAfter, err})
	}
	return all
}
