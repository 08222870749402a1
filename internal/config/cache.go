package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"

	"github.com/wardgate/wardgate/pip/revocation/redisfeed"
)

// Cache says where the revocation list is distributed: a Redis, or
// nothing, and then every process asks the database.
type Cache struct {
	Addresses      []string `koanf:"addresses"` // of a server, of a cluster's nodes, or of sentinels; empty for none
	Username       string   `koanf:"username"`  // of Redis's access control list
	PasswordFile   string   `koanf:"password_file"`
	TLS            string   `koanf:"tls"`             // on, off
	CAFile         string   `koanf:"ca_file"`         // CAs trusted for the server; "" for the system's
	SentinelMaster string   `koanf:"sentinel_master"` // the master's name among sentinels
	Database       int      `koanf:"database"`

	// How the sentinels know us, when they know anybody.
	SentinelUsername     string `koanf:"sentinel_username"`
	SentinelPasswordFile string `koanf:"sentinel_password_file"`
}

// check reports what is wrong, by key. The files are read when it is opened.
func (c *Cache) check(fault func(format string, args ...any)) {
	if !slices.Contains([]string{"on", "off"}, c.TLS) {
		fault("stores.cache.tls: expected on or off")
	}
	if len(c.Addresses) == 0 {
		if c.Username != "" || c.PasswordFile != "" || c.CAFile != "" || c.SentinelMaster != "" ||
			c.SentinelUsername != "" || c.SentinelPasswordFile != "" || c.Database != 0 {
			fault("stores.cache.addresses: expected host:port of a Redis, because other keys of stores.cache are set")
		}
		return
	}
	for _, address := range c.Addresses {
		host, port, err := net.SplitHostPort(address)
		switch {
		case err != nil || host == "" || port == "":
			fault("stores.cache.addresses: %q: expected host:port, such as redis.hospital.test:6379", address)
		case c.TLS == "off" && !ownMachine(host):
			fault("stores.cache.tls: off is for a loopback address; %s is none", address)
		}
	}
	if c.Username != "" && c.PasswordFile == "" {
		fault("stores.cache.password_file: expected a file, because a username is set")
	}
	if c.CAFile != "" && c.TLS == "off" {
		fault("stores.cache.ca_file: nobody vouches for a server without TLS; set stores.cache.tls to on, or remove it")
	}
	if c.SentinelMaster == "" && (c.SentinelUsername != "" || c.SentinelPasswordFile != "") {
		fault("stores.cache.sentinel_master: expected the master's name, because keys about sentinels are set")
	}
	if c.SentinelUsername != "" && c.SentinelPasswordFile == "" {
		fault("stores.cache.sentinel_password_file: expected a file, because stores.cache.sentinel_username is set")
	}
	if c.Database < 0 {
		fault("stores.cache.database: expected 0 or above")
	}
	if c.Database != 0 && len(c.Addresses) > 1 && c.SentinelMaster == "" {
		fault("stores.cache.database: a cluster has no other than 0")
	}
}

func ownMachine(host string) bool {
	if host == "localhost" {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.IsLoopback()
}

// Redis is how the configured Redis is reached, its secrets read. It reports all
// files that cannot be used.
func (c *Cache) Redis() (redisfeed.Config, error) {
	var faults []error
	r := redisfeed.Config{
		Addresses: c.Addresses, Username: c.Username, SentinelMaster: c.SentinelMaster, Database: c.Database,
		SentinelUsername: c.SentinelUsername,
	}
	var err error
	if r.Password, err = OptionalSecret("stores.cache.password_file", c.PasswordFile); err != nil {
		faults = append(faults, err)
	}
	if r.SentinelPassword, err = OptionalSecret("stores.cache.sentinel_password_file", c.SentinelPasswordFile); err != nil {
		faults = append(faults, err)
	}
	if c.TLS == "on" {
		r.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.CAFile != "" {
		raw, err := os.ReadFile(c.CAFile)
		if err != nil {
			faults = append(faults, fmt.Errorf("stores.cache.ca_file: %w", err))
		}
		r.TLS.RootCAs = x509.NewCertPool()
		if err == nil && !r.TLS.RootCAs.AppendCertsFromPEM(raw) {
			faults = append(faults, fmt.Errorf("stores.cache.ca_file: %s holds no certificate", c.CAFile))
		}
	}
	if err := errors.Join(faults...); err != nil {
		return redisfeed.Config{}, err
	}
	return r, nil
}
