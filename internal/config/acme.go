package config

import (
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/wardgate/wardgate/internal/acmecert"
)

const acmeKey = "tls.acme"

// ACME names the authority that issues and renews the certificates of the address that users
// reach.
type ACME struct {
	Directory string `koanf:"directory"` // URL; "" for none
	CAFile    string `koanf:"ca_file"`   // by which the authority's own certificate is trusted; "" for the system's
	Email     string `koanf:"email"`     // for its notices
	Terms     string `koanf:"terms"`     // "accepted", where it has some

	// An account that the authority knows already (external account binding).
	AccountID      string `koanf:"account_id"`
	AccountKeyFile string `koanf:"account_key_file"` // one line, base64url
}

// OuterTLS reports whether the address that users reach has certificates.
func (c *Config) OuterTLS() bool { return c.PEP.Certificate != "" || c.TLS.ACME.Directory != "" }

// OuterHosts are the names by which users reach the enforcement point, in lower case, each
// once: those of pep.home, pep.hosts and all applications.
func (c *Config) OuterHosts() (names []string) {
	add := func(name string) {
		if name = strings.ToLower(name); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i, origin := range slices.Concat([]string{c.PEP.Home}, c.PEP.Hosts, c.ApplicationOrigins()) {
		if own := i > 0 && i <= len(c.PEP.Hosts); own {
			add(origin)
		} else if at, err := url.Parse(origin); err == nil {
			add(at.Hostname())
		}
	}
	return names
}

// IssuedHosts are those of them for which an authority issues certificates one by one.
func (c *Config) IssuedHosts() []string {
	return slices.DeleteFunc(c.OuterHosts(), func(name string) bool { return unissued(name) != "" })
}

// unissued is why no certificate is issued for a name, "" where one can be.
func unissued(name string) string {
	switch _, err := netip.ParseAddr(strings.Trim(name, "[]")); {
	case err == nil:
		return "an address has no name"
	case strings.Contains(name, "*"):
		return "a pattern is no host"
	case !strings.Contains(strings.Trim(name, "."), "."):
		return "a name of one word is known in one network alone"
	default:
		return ""
	}
}

func (c *Config) checkACME(fault func(string, ...any)) {
	a := &c.TLS.ACME
	if a.Directory == "" {
		if *a != (ACME{}) {
			fault("%s.directory: expected the URL of the authority's directory, as in https://ca.hospital.example/acme/wardgate/directory", acmeKey)
		}
		return
	}
	if u, err := url.Parse(a.Directory); err != nil || u.Scheme != "https" || u.Host == "" {
		fault("%s.directory: expected an https URL", acmeKey)
	}
	if a.Terms != "" && a.Terms != accepted {
		fault("%s.terms: expected %s, or nothing%s", acmeKey, accepted, meant(a.Terms, []string{accepted}))
	}
	if (a.AccountID == "") != (a.AccountKeyFile == "") {
		fault("%s.account_id, %s.account_key_file: one is set without the other", acmeKey, acmeKey)
	}
	if !c.Runs(RolePEP) {
		return
	}
	for _, name := range c.OuterHosts() {
		if why := unissued(name); why != "" && c.PEP.Certificate == "" {
			fault("%s: no certificate can be issued for %s: %s; give it one with pep.certificate, or another name", acmeKey, name, why)
		}
	}
	if len(c.IssuedHosts()) == 0 {
		fault("%s: there is no host to have a certificate for: set pep.home, hosts of applications, or pep.hosts", acmeKey)
	}
}

// Issuing is what the authority issues and how it is asked; nil for none. Folder, Hosts and Log
// are left open.
func (a *ACME) Issuing() (*acmecert.Config, error) {
	if a.Directory == "" {
		return nil, nil
	}
	issuing := &acmecert.Config{Directory: a.Directory, Email: a.Email, Terms: a.Terms == accepted}
	var faults []error
	if pem, err := authorities(acmeKey+".ca_file", a.CAFile); err != nil {
		faults = append(faults, err)
	} else if pem != nil {
		issuing.Roots = x509.NewCertPool()
		if !issuing.Roots.AppendCertsFromPEM(pem) {
			faults = append(faults, fmt.Errorf("%s.ca_file: %s has no certificate (PEM)", acmeKey, a.CAFile))
		}
	}
	if a.AccountKeyFile != "" {
		secret, err := ReadSecret(a.AccountKeyFile)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s.account_key_file: %w", acmeKey, err))
		} else if key, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(secret, "=")); err != nil {
			faults = append(faults, fmt.Errorf("%s.account_key_file: expected one line of base64url", acmeKey))
		} else {
			issuing.External = &acmecert.External{ID: a.AccountID, Key: key}
		}
	}
	return issuing, errors.Join(faults...)
}
