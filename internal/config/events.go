package config

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"

	"github.com/wardgate/wardgate/pip/audit/ship/elastic"
	"github.com/wardgate/wardgate/pip/audit/ship/logstash"
)

// Events says where the journal is shipped to. The zero value ships it
// nowhere; both together are two copies.
type Events struct {
	Elasticsearch struct {
		Addresses       []string `koanf:"addresses"` // of the nodes; empty ships nothing there
		Username        string   `koanf:"username"`
		PasswordFile    string   `koanf:"password_file"`
		APIKeyFile      string   `koanf:"api_key_file"` // instead of a name and a password
		CAFile          string   `koanf:"ca_file"`      // CAs trusted for the nodes; "" for the system's
		DeleteAfterDays int      `koanf:"delete_after_days"`
	} `koanf:"elasticsearch"`
	Logstash struct {
		URL          string `koanf:"url"` // of the HTTP input; "" ships nothing there
		Username     string `koanf:"username"`
		PasswordFile string `koanf:"password_file"`
		CAFile       string `koanf:"ca_file"`
	} `koanf:"logstash"`
}

// defaultEvents ships nothing. Ten years is what many a hospital keeps
// records of access for; the journal itself is not concerned.
func defaultEvents() Events {
	var c Events
	c.Elasticsearch.Addresses = []string{}
	c.Elasticsearch.DeleteAfterDays = 3650
	return c
}

// Plan is the data stream that records are shipped to.
func (c *Events) Plan() elastic.Plan {
	return elastic.Plan{Stream: elastic.DefaultStream, DeleteAfterDays: c.Elasticsearch.DeleteAfterDays}
}

func (c *Events) check(demo bool, fault func(string, ...any)) {
	e, l := &c.Elasticsearch, &c.Logstash
	for _, a := range e.Addresses {
		if err := checkServer(a); err != nil {
			fault("stores.events.elasticsearch.addresses: %w", err)
		}
	}
	if len(e.Addresses) == 0 && (e.Username != "" || e.PasswordFile != "" || e.APIKeyFile != "" || e.CAFile != "") {
		fault("stores.events.elasticsearch.addresses: expected a node's address, because other keys are set")
	}
	if e.APIKeyFile != "" && (e.Username != "" || e.PasswordFile != "") {
		fault("stores.events.elasticsearch.api_key_file: expected either an API key or a name and a password")
	}
	if (e.Username == "") != (e.PasswordFile == "") {
		fault("stores.events.elasticsearch.username, password_file: one is set without the other")
	}
	if err := c.Plan().Check(); err != nil {
		fault("stores.events.elasticsearch.delete_after_days: %w", err)
	}
	if l.URL == "" && (l.Username != "" || l.PasswordFile != "" || l.CAFile != "") {
		fault("stores.events.logstash.url: expected the address of an HTTP input, because other keys are set")
	}
	if l.URL != "" {
		if err := checkServer(l.URL); err != nil {
			fault("stores.events.logstash.url: %w", err)
		}
	}
	if (l.Username == "") != (l.PasswordFile == "") {
		fault("stores.events.logstash.username, password_file: one is set without the other")
	}
	for _, a := range append(slices.Clone(e.Addresses), l.URL) {
		if u, err := url.Parse(a); demo && a != "" && err == nil && !onThisMachine(u) {
			fault("stores.events: the demo's events are invented; they are shipped to this machine alone")
		}
	}
}

// checkServer accepts plain HTTP to this machine alone: records name people.
func checkServer(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("expected an address such as https://es.hospital.example:9200, without a name or a password")
	}
	if u.Scheme == "https" {
		return nil
	}
	if onThisMachine(u) {
		return nil
	}
	return errors.New("expected https: plain HTTP is for this machine alone")
}

func onThisMachine(u *url.URL) bool {
	host := u.Hostname()
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// Elastic is how the configured Elasticsearch is reached, its secrets read.
func (c *Events) Elastic() (elastic.Server, error) {
	const key = "stores.events.elasticsearch."
	e := &c.Elasticsearch
	s := elastic.Server{Addresses: e.Addresses, Username: e.Username}
	var err error
	if s.Password, err = OptionalSecret(key+"password_file", e.PasswordFile); err != nil {
		return elastic.Server{}, err
	}
	if s.APIKey, err = OptionalSecret(key+"api_key_file", e.APIKeyFile); err != nil {
		return elastic.Server{}, err
	}
	s.CA, err = authorities(key+"ca_file", e.CAFile)
	return s, err
}

// LogstashInput is how the configured HTTP input is reached, its secrets read.
func (c *Events) LogstashInput() (logstash.Config, error) {
	l := &c.Logstash
	s := logstash.Config{URL: l.URL, Username: l.Username}
	var err error
	if s.Password, err = OptionalSecret("stores.events.logstash.password_file", l.PasswordFile); err != nil {
		return logstash.Config{}, err
	}
	s.CA, err = authorities("stores.events.logstash.ca_file", l.CAFile)
	return s, err
}
