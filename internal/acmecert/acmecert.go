// Package acmecert has the certificates of the address that users reach issued and renewed by
// an authority that speaks ACME (RFC 8555): the hospital's own, such as step-ca, or a
// public one. That a host is Wardgate's is proved on the same address (tls-alpn-01, RFC
// 8737): no other port has to be open.
package acmecert

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"

	"github.com/wardgate/wardgate/internal/servercert"
)

// Protocol is what the authority asks for when it looks whether a host is Wardgate's. It has
// to be among the NextProtos of the listener.
const Protocol = acme.ALPNProto

const (
	// every is how often it is looked for hosts without a certificate, and for renewed ones.
	every = 10 * time.Second
	// After a failure it waits, twice as long each time: authorities count them.
	leastWait, mostWait = time.Minute, time.Hour
	// lateFrom is the part of its life at which a certificate should have been renewed:
	// that is begun at the last third, or 30 days before its end.
	lateFrom = 4
)

// A Config says which authority issues what.
type Config struct {
	Directory string          // URL of the authority's directory
	Roots     *x509.CertPool  // by which its own certificate is trusted; nil for the system's
	Email     string          // for its notices; "" for none
	Terms     bool            // those of the authority are accepted
	External  *External       // nil where the authority needs no account of its own
	Folder    string          // for the account's key, certificates and their keys
	Hosts     func() []string // names that clients ask for, as of now, in lower case
	Log       *slog.Logger
}

// External names an account that the authority already knows (external account binding).
type External struct {
	ID  string
	Key []byte // for HMAC
}

// Certificates are those that were issued. Clients have none issued: a name for which there
// is no certificate yet has none until the next look. Its methods may be called in
// parallel.
type Certificates struct {
	config  Config
	manager *autocert.Manager

	mu    sync.Mutex
	hosts map[string]*host
}

type host struct {
	held     *tls.Certificate // nil before it was issued
	fault    error            // of the last attempt
	failures int
	next     time.Time // it is not asked for before
}

// New asks for nothing yet.
func New(c Config) *Certificates {
	client := &acme.Client{DirectoryURL: c.Directory, UserAgent: "wardgate"}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
	client.HTTPClient = &http.Client{Transport: transport, Timeout: time.Minute}
	m := &autocert.Manager{
		Prompt: func(string) bool { return c.Terms },
		Cache:  autocert.DirCache(c.Folder),
		Client: client,
		Email:  c.Email,
	}
	if c.External != nil {
		m.ExternalAccountBinding = &acme.ExternalAccountBinding{KID: c.External.ID, Key: c.External.Key}
	}
	s := &Certificates{config: c, manager: m, hosts: map[string]*host{}}
	m.HostPolicy = func(_ context.Context, name string) error {
		if !slices.Contains(c.Hosts(), name) {
			return fmt.Errorf("%s is no host that is served", name)
		}
		return nil
	}
	return s
}

// Get is the certificate for a connection; nil where none was issued for what the client
// asks.
func (s *Certificates) Get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if slices.Equal(hello.SupportedProtos, []string{Protocol}) {
		return s.manager.GetCertificate(hello) // for the authority, while it looks
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if h := s.hosts[strings.TrimSuffix(strings.ToLower(hello.ServerName), ".")]; h != nil && h.held != nil {
		return h.held, nil
	}
	return nil, nil
}

// Run has certificates issued for all hosts, and takes renewed ones, until the context ends.
func (s *Certificates) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		for _, name := range s.due(time.Now()) {
			asked := make(chan struct{})
			go func() {
				defer close(asked)
				s.ask(name)
			}()
			select {
			case <-asked:
			case <-ctx.Done(): // an authority may take minutes
				return
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// due are the hosts to look at. Those that are served no more are forgotten.
func (s *Certificates) due(now time.Time) (names []string) {
	all := s.config.Hosts()
	s.mu.Lock()
	defer s.mu.Unlock()
	for name := range s.hosts {
		if !slices.Contains(all, name) {
			delete(s.hosts, name)
		}
	}
	for _, name := range all {
		if s.hosts[name] == nil {
			s.hosts[name] = &host{}
		}
		if !now.Before(s.hosts[name].next) {
			names = append(names, name)
		}
	}
	return names
}

// ask gets the certificate of a host as it is now, which may have it issued.
func (s *Certificates) ask(name string) {
	got, err := s.manager.GetCertificate(&tls.ClientHelloInfo{
		ServerName: name, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, // ECDSA, P-256
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.hosts[name]
	if h == nil {
		return
	}
	if err != nil {
		h.fault, h.next = err, time.Now().Add(min(leastWait<<min(h.failures, 16), mostWait))
		h.failures++
		s.config.Log.Warn("no certificate was issued", "host", name, "error", err)
		return
	}
	if h.held == nil || !got.Leaf.Equal(h.held.Leaf) {
		s.config.Log.Info("a certificate is in use", "host", name, "expires", got.Leaf.NotAfter)
	}
	h.held, h.fault, h.failures, h.next = got, nil, 0, time.Time{}
}

var (
	errNone = errors.New("none was issued yet")
	errLate = errors.New("it should have been renewed by now")
)

// Standing says how the certificate of each host stands, by name.
func (s *Certificates) Standing() (all []servercert.Standing) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range s.config.Hosts() {
		one := servercert.Standing{Name: name, Fault: errNone}
		if h := s.hosts[name]; h != nil {
			if h.held != nil {
				leaf := h.held.Leaf
				one.Expires, one.Fault = leaf.NotAfter, nil
				if leaf.NotAfter.Sub(now) < leaf.NotAfter.Sub(leaf.NotBefore)/lateFrom {
					one.Fault = errLate
				}
			}
			if h.fault != nil {
				one.Fault = h.fault
			}
		}
		all = append(all, one)
	}
	return all
}
