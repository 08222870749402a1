package delivery

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/bundle"
)

// ServerConfig is what a bundle server needs beside its address. The zero
// value is a server that asks for no token, is checked against the system's
// CAs, and is polled once a minute or so.
type ServerConfig struct {
	Token    func() (string, error) // bearer token, read for each request so that it may change; nil for none
	CAs      *x509.CertPool         // CAs trusted for the server; nil for the system's
	LongPoll time.Duration          // how long the server may hold a request; 0 polls
	Least    time.Duration          // between two polls; 30 s when zero
	Most     time.Duration          // 60 s when zero
}

// grace is how much longer than it may hold a request a server may take.
const grace = 30 * time.Second

var _ Source = (*Server)(nil)

// A Server is an HTTP server that serves bundles as OPA's do: with an ETag, and
// held until there is a new one when it can (`Prefer: modes=snapshot;wait=N`).
// It is for one goroutine.
type Server struct {
	url    string
	config ServerConfig
	client *http.Client
	holds  bool      // the server said that it holds requests
	next   time.Time // not before this may it be asked again
}

// leastBetween keeps a server that says it holds requests, and does not, from
// being asked without end.
const leastBetween = time.Second

// NewServer returns a source that asks address: HTTPS, or HTTP on this machine.
func NewServer(address string, c ServerConfig) (*Server, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, errors.New("expected an address such as https://policy.hospital.example/bundles/wardgate.tar.gz, without a password")
	}
	if !secure(u) {
		return nil, fmt.Errorf("%s: plain HTTP is for loopback alone; use https", u.Redacted())
	}
	if c.Least <= 0 {
		c.Least = 30 * time.Second
	}
	c.Most = max(c.Most, c.Least)
	transport := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		TLSClientConfig:       &tls.Config{RootCAs: c.CAs, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		ResponseHeaderTimeout: c.LongPoll + grace,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   1,
		DisableCompression:    true, // a bundle is compressed; its bytes are what was signed
		ForceAttemptHTTP2:     true,
	}
	return &Server{url: address, config: c, client: &http.Client{Transport: transport, CheckRedirect: checkRedirect}}, nil
}

// secure reports whether no party between here and there can read or change.
func secure(u *url.URL) bool {
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

func checkRedirect(r *http.Request, via []*http.Request) error {
	if len(via) > 5 || !secure(r.URL) {
		return errors.New("the server sends us where we do not go")
	}
	return nil
}

// Name is the address, without what may be secret in it.
func (s *Server) Name() string {
	u, err := url.Parse(s.url)
	if err != nil {
		return "bundle server"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Fetch asks once, after a pause when the server does not hold requests.
func (s *Server) Fetch(ctx context.Context, tag string) (Arrival, error) {
	wait(ctx, time.Until(s.next))
	begun := time.Now()
	defer func() { s.next = begun.Add(s.between()) }()
	ctx, cancel := context.WithTimeout(ctx, s.config.LongPoll+2*grace)
	defer cancel()
	request, err := s.request(ctx, tag)
	if err != nil {
		return Arrival{}, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return Arrival{}, fmt.Errorf("ask the bundle server: %w", withoutAddress(err))
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	switch response.StatusCode {
	case http.StatusOK:
		s.holds = s.config.LongPoll > 0 && held(response.Header)
		return receive(response)
	case http.StatusNotModified:
		return Arrival{Tag: tag}, nil
	default:
		return Arrival{}, fmt.Errorf("the bundle server answers %d %s%s", response.StatusCode,
			http.StatusText(response.StatusCode), hint(response.StatusCode))
	}
}

// between is how long after the last request the next may begin.
func (s *Server) between() time.Duration {
	if s.holds {
		return leastBetween
	}
	return s.config.Least + rand.N(s.config.Most-s.config.Least+1)
}

func (s *Server) request(ctx context.Context, tag string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, errors.New("the bundle server's address is not usable")
	}
	prefer := "modes=snapshot"
	if s.config.LongPoll > 0 {
		prefer += ";wait=" + strconv.Itoa(int(s.config.LongPoll.Seconds()))
	}
	r.Header.Set("Prefer", prefer)
	r.Header.Set("Accept", "application/gzip, application/vnd.openpolicyagent.bundles, application/octet-stream")
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	if s.config.Token != nil {
		token, err := s.config.Token()
		if err != nil {
			return nil, fmt.Errorf("bearer token of the bundle server: %w", err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r, nil
}

func receive(response *http.Response) (Arrival, error) {
	packed, err := io.ReadAll(io.LimitReader(response.Body, bundle.MaxPacked+1))
	if err != nil {
		return Arrival{}, fmt.Errorf("receive bundle: %w", withoutAddress(err))
	}
	if len(packed) == 0 {
		return Arrival{}, errors.New("the bundle server answers with no bundle")
	}
	return Arrival{Packed: packed, Tag: response.Header.Get("ETag")}, nil
}

// held reports whether the server holds requests, as OPA's long poll says so.
func held(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "application/vnd.openpolicyagent.bundles")
}

func hint(status int) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "; see policy.bearer_token_file"
	case http.StatusNotFound:
		return "; see policy.bundle_url"
	default:
		return ""
	}
}

// withoutAddress strips the address from an error of the HTTP client: it may
// hold a signature or a password.
func withoutAddress(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}
