package app

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pep"
)

// ownApplications are the names that Wardgate's own services have in routes.
var ownApplications = []string{"admin", "demo", "inference", "records"}

// foreignURLs reads the hospital's own applications, "name=url" each, and
// reports all faulty entries. Plain HTTP is for loopback alone.
func (c *Config) foreignURLs() (map[string]*url.URL, error) {
	list := map[string]*url.URL{}
	var faults []error
	for _, entry := range c.PEP.Applications {
		name, text, _ := strings.Cut(entry, "=")
		u, err := url.Parse(text)
		switch {
		case name == "" || err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "":
			faults = append(faults, fmt.Errorf("pep.applications: expected name=https://host:port, the name as routes have it"))
		case slices.Contains(ownApplications, name) || slices.Contains(c.ExtAuth.Applications, name) || list[name] != nil:
			faults = append(faults, fmt.Errorf("pep.applications: the name %q is taken", name))
		case u.Scheme != "https" && !plainLoopback(u):
			faults = append(faults, fmt.Errorf("pep.applications: %s: expected https; plain http is for loopback addresses alone", name))
		default:
			list[name] = &url.URL{Scheme: u.Scheme, Host: u.Host}
		}
	}
	return list, errors.Join(faults...)
}

func plainLoopback(u *url.URL) bool {
	loopback, err := isLoopback(u.Host)
	return u.Scheme == "http" && err == nil && loopback
}

// foreignApplications are the hospital's own applications, which know nothing
// of Wardgate. Nobody but the named authority vouches for their servers, and no
// proxy of the environment stands between.
func (a *App) foreignApplications() (map[string]pep.Application, error) {
	urls, err := a.config.foreignURLs()
	if err != nil {
		return nil, err
	}
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := a.config.PEP.ApplicationsCAFile; file != "" {
		authorities, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("pep.applications_ca_file: %w", err)
		}
		trust.RootCAs = x509.NewCertPool()
		if !trust.RootCAs.AppendCertsFromPEM(authorities) {
			return nil, fmt.Errorf("pep.applications_ca_file: %s holds no certificate in PEM", file)
		}
	}
	applications := map[string]pep.Application{}
	for name, u := range urls {
		applications[name] = pep.Application{URL: u, Foreign: true, Transport: &http.Transport{
			TLSClientConfig:       trust.Clone(),
			DisableCompression:    true,
			MaxIdleConnsPerHost:   256,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: 30 * time.Second,
		}}
	}
	return applications, nil
}
