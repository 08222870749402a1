// Package config is everything that can be set about a Wardgate process: one
// struct, its defaults, how it is read from a YAML file and the environment, and
// how it is checked. All faults are reported together, those of a file with
// their lines. Nothing else reads configuration, and this package opens nothing
// but the files that keys name.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"
)

// A Config is everything that can be set about a Wardgate process. Its zero
// value is not usable; Default is.
type Config struct {
	Data     string `koanf:"data"`     // data folder
	Policies string `koanf:"policies"` // folder with the rule book; "" for the built-in one
	Demo     bool   `koanf:"-"`        // an invented hospital; by flag alone

	// Roles are what this process does, as ParseRoles names them; by command
	// line alone. None is all of them.
	Roles []string `koanf:"-"`

	PEP struct {
		Listen string   `koanf:"listen"`
		Hosts  []string `koanf:"hosts"` // Host names that are served, beside those of applications; empty serves all
		// Home is the origin of the own pages, where people log in, and by whose scheme and
		// port applications with hosts have theirs; "" has no session by cookie.
		Home        string `koanf:"home"`
		Certificate string `koanf:"certificate"`
		Key         string `koanf:"key"`
		// Certificates are further ones, for clients that ask for another name than the first
		// is made for.
		Certificates []Certificate `koanf:"certificates"`
		// WorkstationCAFile has the authority whose client certificates machines of wards are
		// known by; "" for none. Enforcement point and administrator both read it.
		WorkstationCAFile string `koanf:"workstation_ca_file"`

		// Addresses and networks of proxies that hand on requests of others: they
		// tell a client's address, and may ask about requests of theirs. Empty
		// trusts none.
		TrustedProxies []string `koanf:"trusted_proxies"`

		AssertionIssuer string `koanf:"assertion_issuer"` // by which applications know who tells them of users
	} `koanf:"pep"`
	TLS struct {
		ACME ACME `koanf:"acme"`
	} `koanf:"tls"`
	Applications []Application `koanf:"applications"` // the hospital's own, that routes name

	PDP     PDP `koanf:"pdp"`
	Records struct {
		Listen string `koanf:"listen"` // with mutual TLS, for an enforcement point elsewhere
		URL    string `koanf:"url"`    // where it runs, when elsewhere
	} `koanf:"records"`
	Inference struct {
		Listen string `koanf:"listen"`
		URL    string `koanf:"url"`
	} `koanf:"inference"`
	Certificates struct {
		Folder      string `koanf:"folder"` // what `wardgate certs` made: ca.pem, ROLE.pem, ROLE.key
		CA          string `koanf:"ca"`     // or three files, for a process that proves itself as one role
		Certificate string `koanf:"certificate"`
		Key         string `koanf:"key"`
	} `koanf:"certificates"`
	Assertion struct {
		KeyFile string `koanf:"key_file"` // shared by all roles; "" makes one in the data folder
	} `koanf:"assertion"`
	Keys struct {
		Folder string `koanf:"folder"` // shared by all decision points on one database; "" for the data folder's
	} `koanf:"keys"`
	ExtAuth struct {
		Listen  string   `koanf:"listen"`
		Proxies []string `koanf:"proxies"` // that may ask over HTTP; empty for all of pep.trusted_proxies
	} `koanf:"extauth"`
	Operations struct {
		Listen string `koanf:"listen"`
	} `koanf:"operations"`
	Policy       Policy    `koanf:"policy"`
	DecisionLogs Collector `koanf:"decision_logs"` // every decision, in OPA's format
	Status       Collector `koanf:"status"`        // which rule book is in force, in OPA's format
	Location     struct {
		Database string `koanf:"database"` // MMDB file with the countries of addresses; "" knows none
	} `koanf:"location"`
	Mail struct {
		SMTP struct {
			Host         string `koanf:"host"` // "" writes mail into the outbox of the data folder
			Port         int    `koanf:"port"`
			Username     string `koanf:"username"`
			PasswordFile string `koanf:"password_file"`
			TLS          string `koanf:"tls"`     // starttls, implicit, none
			CAFile       string `koanf:"ca_file"` // CAs trusted for the server; "" for the system's
			From         string `koanf:"from"`
		} `koanf:"smtp"`
	} `koanf:"mail"`
	Passkeys Passkeys `koanf:"passkeys"`
	Stores   struct {
		Identity Database `koanf:"identity"`
		Sessions Database `koanf:"sessions"`
		Records  Database `koanf:"records"`
		Care     Database `koanf:"care"` // the records' database, as an account that only reads the care views
		Cache    Cache    `koanf:"cache"`

		Events  Events `koanf:"events"`  // where the journal is shipped to
		Signals string `koanf:"signals"` // where counts of behaviour are kept: sql, or the elasticsearch of events
	} `koanf:"stores"`
	Journal struct {
		Chain string `koanf:"chain"` // name of this enforcement point's chain, its own among all that share a database

		ReserveBytes int `koanf:"reserve_bytes"` // held for when the disk is full
		RetainDays   int `koanf:"retain_days"`   // how long segments are kept; 0 for ever
	} `koanf:"journal"`
	Anchors struct {
		Folder string `koanf:"folder"` // on another file system: heads of journals, and marks of databases; "" for none
	} `koanf:"anchors"`
	Limits struct {
		Connections           int `koanf:"connections"`             // of one listener
		ConnectionsPerAddress int `koanf:"connections_per_address"` // of one listener, from one address
		DecisionMilliseconds  int `koanf:"decision_milliseconds"`   // that one decision may take; a later one denies
	} `koanf:"limits"`
	Alerts struct { // of the sentinel
		MailTo  []string `koanf:"mail_to"`
		Webhook struct {
			URL        string `koanf:"url"` // "" for none
			SecretFile string `koanf:"secret_file"`
		} `koanf:"webhook"`
	} `koanf:"alerts"`
	Signals struct {
		Reports []Report `koanf:"reports"` // which events of other systems count
	} `koanf:"signals"`
	Log struct {
		Level  string `koanf:"level"`  // debug, info, warn, error
		Format string `koanf:"format"` // text, json
	} `koanf:"log"`
}

// Default is a whole Wardgate on loopback and embedded stores.
func Default() Config {
	var c Config
	c.Data = "var"
	c.PEP.Listen = "127.0.0.1:8080"
	c.PEP.Hosts = []string{}
	c.PEP.TrustedProxies = []string{}
	c.PEP.AssertionIssuer = "wardgate"
	c.Applications = []Application{}
	c.PDP.Listen = "127.0.0.1:8181"
	c.PDP.Callers = []string{}
	c.ExtAuth.Listen = "127.0.0.1:9191"
	c.ExtAuth.Proxies = []string{}
	c.Operations.Listen = "127.0.0.1:9464"
	c.Policy = defaultPolicy()
	c.Mail.SMTP.Port = 587
	c.Mail.SMTP.TLS = "starttls"
	c.Stores.Cache.Addresses = []string{}
	c.Stores.Cache.TLS = "on"
	c.Journal.Chain = "main"
	c.Journal.ReserveBytes = 64 << 20
	c.Stores.Events = defaultEvents()
	c.Stores.Signals = SignalsInSQL
	c.Limits.Connections = 16384
	c.Limits.ConnectionsPerAddress = 12288
	c.Limits.DecisionMilliseconds = 50
	c.Alerts.MailTo, c.Signals.Reports = []string{}, []Report{}
	c.Log.Level = "info"
	c.Log.Format = "text"
	return c
}

// maxDecisionMilliseconds is longer than any client waits for a decision.
const maxDecisionMilliseconds = 10_000

// DecisionTime is how long one decision may take.
func (c *Config) DecisionTime() time.Duration {
	return time.Duration(c.Limits.DecisionMilliseconds) * time.Millisecond
}

// Check reports everything about c that could not be honoured.
func (c *Config) Check() error { return errors.Join(c.valueFaults()...) }

func (c *Config) valueFaults() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if c.Data == "" {
		fault("data: expected the path of a folder")
	}
	for _, l := range []struct {
		key, address string
		tls          bool
	}{
		{"pep.listen", c.PEP.Listen, c.OuterTLS()},
		{"pdp.listen", c.PDP.Listen, c.PDP.Certificate != ""},
		{"extauth.listen", c.ExtAuth.Listen, false},
		{"operations.listen", c.Operations.Listen, false},
	} {
		loopback, err := isLoopback(l.address)
		switch {
		case err != nil:
			fault("%s: %w", l.key, err)
		case !loopback && c.Demo:
			fault("%s: %s is not a loopback address; the demo listens on loopback only", l.key, l.address)
		case !loopback && !l.tls:
			fault("%s: %s is not a loopback address and has no TLS; plain HTTP is for loopback alone", l.key, l.address)
		}
	}
	if (c.PEP.Certificate == "") != (c.PEP.Key == "") {
		fault("pep.certificate, pep.key: one is set without the other")
	}
	c.checkListeners(fault)
	c.checkHosts(fault)
	c.checkOuterCertificates(fault)
	c.checkACME(fault)
	c.checkWorkstations(fault)
	c.checkOrigins(func(err error) { faults = append(faults, err) })
	c.checkLoops(func(err error) { faults = append(faults, err) })
	c.PDP.check(fault)
	c.checkRoles(fault)
	c.checkMail(fault)
	c.checkPasskeys(fault)
	c.checkAlerts(fault)
	c.checkReports(fault)
	c.checkPolicy(fault)
	c.checkStores(fault)
	c.Stores.Events.check(c.Demo, fault)
	c.Stores.Cache.check(fault)
	c.checkSignals(fault)
	if _, err := c.Askers(); err != nil {
		faults = append(faults, err)
	}
	if _, err := c.ParseApplications(); err != nil {
		faults = append(faults, err)
	}
	c.checkJournal(fault)
	if c.Limits.Connections < 1 || c.Limits.ConnectionsPerAddress < 1 {
		fault("limits.connections, limits.connections_per_address: expected whole numbers above 0")
	}
	if c.Limits.DecisionMilliseconds < 1 || c.Limits.DecisionMilliseconds > maxDecisionMilliseconds {
		fault("limits.decision_milliseconds: expected a whole number from 1 to %d", maxDecisionMilliseconds)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		fault("log.level: expected debug, info, warn or error")
	}
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		fault("log.format: expected text or json")
	}
	return faults
}

// TrustedProxies reads addresses and networks, and reports all that are none.
// A network that holds everybody is a slip: it would let any client describe
// its own request.
func (c *Config) TrustedProxies() ([]netip.Prefix, error) {
	return networks("pep.trusted_proxies", c.PEP.TrustedProxies)
}

// Askers are the trusted proxies that may ask about requests of theirs over HTTP:
// all, unless some are named.
func (c *Config) Askers() ([]netip.Prefix, error) {
	trusted, err := c.TrustedProxies()
	if err != nil || len(c.ExtAuth.Proxies) == 0 {
		return trusted, err
	}
	askers, err := networks("extauth.proxies", c.ExtAuth.Proxies)
	if err != nil {
		return nil, err
	}
	var faults []error
	for _, one := range askers {
		if !slices.ContainsFunc(trusted, func(p netip.Prefix) bool { return p.Bits() <= one.Bits() && p.Contains(one.Addr()) }) {
			faults = append(faults, fmt.Errorf("extauth.proxies: %s is not among pep.trusted_proxies", one))
		}
	}
	return askers, errors.Join(faults...)
}

func networks(key string, list []string) ([]netip.Prefix, error) {
	var read []netip.Prefix
	var faults []error
	for _, s := range list {
		prefix, err := netip.ParsePrefix(s)
		if a, single := netip.ParseAddr(s); single == nil && a.Zone() == "" {
			a = a.Unmap()
			prefix, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		switch {
		case err != nil:
			faults = append(faults, fmt.Errorf("%s: %q is neither an IP address nor a network such as 10.0.0.0/24", key, s))
		case prefix.Bits() == 0:
			faults = append(faults, fmt.Errorf("%s: %s would trust everybody", key, s))
		case prefix.Addr().Is4In6():
			faults = append(faults, fmt.Errorf("%s: %s: write the network as one of IPv4", key, s))
		case prefix != prefix.Masked():
			faults = append(faults, fmt.Errorf("%s: %s is no network; %s is", key, s, prefix.Masked()))
		default:
			read = append(read, prefix)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return read, nil
}

func isLoopback(address string) (bool, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return false, errors.New("expected address:port, such as 127.0.0.1:8080")
	}
	if host == "localhost" {
		return true, nil
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false, errors.New("expected an IP address and a port, such as 127.0.0.1:8080")
	}
	return a.IsLoopback(), nil
}
