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
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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
	// A certificate should have been renewed in the last quarter of its life, or 22 days before
	// its end: that is begun at the last third, or 30 days before.
	lateFrom = 4
	lateMost = 22 * 24 * time.Hour
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
	config Config
	cache  *cache

	mu    sync.Mutex
	hosts map[string]*host
}

// A host has a manager of its own, which renews for as long as the host is served.
type host struct {
	manager *autocert.Manager
	gone    atomic.Bool // nothing is asked of the authority any more

	held     *tls.Certificate // nil before it was issued
	fault    error            // of the last attempt
	failures int
	next     time.Time // it is not asked for before
}

// New asks for nothing yet.
func New(c Config) *Certificates {
	return &Certificates{config: c, cache: &cache{folder: c.Folder}, hosts: map[string]*host{}}
}

func (s *Certificates) newHost(name string) *host {
	h, c := &host{}, &s.config
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12}
	transport.DisableKeepAlives = true // it asks once in weeks
	h.manager = &autocert.Manager{
		Prompt: func(string) bool { return c.Terms },
		Cache:  s.cache,
		Client: &acme.Client{
			DirectoryURL: c.Directory, UserAgent: "wardgate",
			HTTPClient: &http.Client{Transport: served{transport, h}, Timeout: time.Minute},
		},
		Email:      c.Email,
		HostPolicy: autocert.HostWhitelist(name),
	}
	if c.External != nil {
		h.manager.ExternalAccountBinding = &acme.ExternalAccountBinding{KID: c.External.ID, Key: c.External.Key}
	}
	return h
}

// served asks the authority while a host is.
type served struct {
	http.RoundTripper
	host *host
}

var errGone = errors.New("the host is served no more")

func (s served) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.host.gone.Load() {
		return nil, errGone
	}
	return s.RoundTripper.RoundTrip(r)
}

// Get is the certificate for a connection; nil where none was issued for what the client
// asks, or it can do nothing with that. Names that are no host's cost nothing.
func (s *Certificates) Get(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	h := s.hosts[strings.TrimSuffix(strings.ToLower(hello.ServerName), ".")]
	var held *tls.Certificate
	if h != nil {
		held = h.held
	}
	s.mu.Unlock()
	switch {
	case h == nil:
		return nil, nil
	case slices.Equal(hello.SupportedProtos, []string{Protocol}):
		return h.manager.GetCertificate(hello) // for the authority, while it looks
	case held == nil || time.Now().After(held.Leaf.NotAfter) || hello.SupportsCertificate(held) != nil:
		return nil, nil
	}
	return held, nil
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
			s.hosts[name].gone.Store(true)
			delete(s.hosts, name)
		}
	}
	for _, name := range all {
		if s.hosts[name] == nil {
			s.hosts[name] = s.newHost(name)
		}
		if !now.Before(s.hosts[name].next) {
			names = append(names, name)
		}
	}
	return names
}

// ask gets the certificate of a host as it is now, which may have it issued.
func (s *Certificates) ask(name string) {
	s.mu.Lock()
	h := s.hosts[name]
	s.mu.Unlock()
	if h == nil {
		return
	}
	got, err := h.manager.GetCertificate(&tls.ClientHelloInfo{
		ServerName: name, CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256}, // ECDSA, P-256
	})
	s.mu.Lock()
	defer s.mu.Unlock()
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
				one.Expires, one.Fault = leaf.NotAfter, s.cache.standing()
				if leaf.NotAfter.Sub(now) < min(leaf.NotAfter.Sub(leaf.NotBefore)/lateFrom, lateMost) {
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
