package config

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// A Collector is an HTTP service that collects reports in OPA's formats.
// URL is the base of its paths; "" reports nothing.
type Collector struct {
	URL             string `koanf:"url"`
	BearerTokenFile string `koanf:"bearer_token_file"`
	CAFile          string `koanf:"ca_file"` // CAs trusted for the service; "" for the system's
}

func (c *Collector) check(key string, fault func(format string, args ...any)) {
	if c.URL == "" {
		if c.BearerTokenFile != "" || c.CAFile != "" {
			fault("%s.url: expected an address, because other keys of %s are set", key, key)
		}
		return
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		fault("%s.url: expected an address such as https://opa.hospital.example, without password and query", key)
	case u.Scheme != "https" && (u.Scheme != "http" || !isLoopbackName(u.Hostname())):
		fault("%s.url: plain HTTP is for loopback alone; use https", key)
	}
}

func isLoopbackName(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// Credentials reads what the collector's files hold. The token is read again for each
// request, so that it may be exchanged.
func (c *Collector) Credentials(key string) (token func() (string, error), cas *x509.CertPool, err error) {
	if c.BearerTokenFile != "" {
		token = func() (string, error) { return ReadSecret(c.BearerTokenFile) }
		if _, err := token(); err != nil {
			return nil, nil, fmt.Errorf("%s.bearer_token_file: %w", key, err)
		}
	}
	if cas, err = ReadCAs(c.CAFile); err != nil {
		return nil, nil, fmt.Errorf("%s.ca_file: %w", key, err)
	}
	return token, cas, nil
}
