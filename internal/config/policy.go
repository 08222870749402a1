package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/wardgate/wardgate/pdp/engine/bundle"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
)

// Policy says where the rule book comes from: a folder on the operator's
// own disk, or signed bundles. With none of them it is the built-in one.
type Policy struct {
	Folder  string `koanf:"folder"`  // the same as policies
	Overlay string `koanf:"overlay"` // the hospital's own folder on the rule book; "" for none

	BundleFile      string `koanf:"bundle_file"`
	BundleURL       string `koanf:"bundle_url"`
	BearerTokenFile string `koanf:"bearer_token_file"`
	CAFile          string `koanf:"ca_file"`           // CAs trusted for the server; "" for the system's
	LongPollSeconds int    `koanf:"long_poll_seconds"` // how long the server may hold a request; 0 polls
	MinDelaySeconds int    `koanf:"min_delay_seconds"` // between two polls
	MaxDelaySeconds int    `koanf:"max_delay_seconds"`

	VerificationKeys []string `koanf:"verification_keys"` // ID=FILE, public keys in PEM
	WaiverKeys       []string `koanf:"waiver_keys"`       // ID=FILE, public keys of those who may waive an invariant, two of them each
	Scope            string   `koanf:"scope"`             // that bundles must be signed for

	Shadow string `koanf:"shadow"` // folder or bundle of a rule book that is compared with the one in force; "" for none

	RequireProof bool `koanf:"require_proof"` // only a rule book that is proved comes into force
}

func defaultPolicy() Policy {
	return Policy{LongPollSeconds: 30, MinDelaySeconds: 10, MaxDelaySeconds: 60, VerificationKeys: []string{}, WaiverKeys: []string{}}
}

// IsBundle reports whether what a rule book is named by is a bundle, and no folder.
func IsBundle(name string) bool { return strings.HasSuffix(name, ".tar.gz") }

// Delivered reports whether the rule book comes in signed bundles.
func (p *Policy) Delivered() bool { return p.BundleFile != "" || p.BundleURL != "" }

// verifies reports whether some rule book comes in a signed bundle.
func (p *Policy) verifies() bool { return p.Delivered() || IsBundle(p.Shadow) }

// Book is the folder with the rule book, "" for none.
func (c *Config) Book() string {
	if c.Policy.Folder != "" {
		return c.Policy.Folder
	}
	return c.Policies
}

func (c *Config) checkPolicy(fault func(format string, args ...any)) {
	p := &c.Policy
	if p.Folder != "" && c.Policies != "" && p.Folder != c.Policies {
		fault("policy.folder, policies: two folders are named; name one")
	}
	var named []string
	for key, value := range map[string]string{"policy.folder": c.Book(), "policy.bundle_file": p.BundleFile, "policy.bundle_url": p.BundleURL} {
		if value != "" {
			named = append(named, key)
		}
	}
	if _, err := p.Waivers(); err != nil {
		fault("policy.waiver_keys: %w", err)
	}
	if p.Overlay != "" && p.Delivered() {
		fault("policy.overlay: a bundle is delivered whole; put the overlay on its base where the bundle is made (`wardgate policy bundle --policies BASE+OVERLAY`)")
	}
	switch {
	case len(named) > 1:
		fault("policy.folder, policy.bundle_file, policy.bundle_url: expected one of them, because a rule book comes from one place")
	case !p.verifies() && (len(p.VerificationKeys) > 0 || p.Scope != ""):
		fault("policy.verification_keys, policy.scope: nothing is verified without policy.bundle_file, policy.bundle_url or a bundle in policy.shadow")
	case p.verifies():
		if _, err := p.Trust(); err != nil {
			fault("policy.verification_keys: %w", err)
		}
	}
	if p.BundleURL == "" && (p.BearerTokenFile != "" || p.CAFile != "") {
		fault("policy.bearer_token_file, policy.ca_file: expected a policy.bundle_url that they belong to")
	}
	if p.BundleURL != "" {
		if _, err := delivery.NewServer(p.BundleURL, delivery.ServerConfig{}); err != nil {
			fault("policy.bundle_url: %w", err)
		}
	}
	if p.LongPollSeconds < 0 || p.LongPollSeconds > 600 {
		fault("policy.long_poll_seconds: expected 0 to 600")
	}
	if p.MinDelaySeconds < 1 || p.MaxDelaySeconds < p.MinDelaySeconds || p.MaxDelaySeconds > 86400 {
		fault("policy.min_delay_seconds, policy.max_delay_seconds: expected 1 to 86400, the least first")
	}
	if p.Shadow != "" {
		if info, err := os.Stat(p.Shadow); err != nil || info.IsDir() == IsBundle(p.Shadow) {
			fault("policy.shadow: %s is no folder and no bundle (.tar.gz) that can be read; name the folder or the bundle of a rule book, or none", p.Shadow)
		}
	}
	c.DecisionLogs.check("decision_logs", fault)
	c.Status.check("status", fault)
}

// Trust reads the verification keys.
func (p *Policy) Trust() (*bundle.Trust, error) {
	if len(p.VerificationKeys) == 0 {
		return nil, errors.New("expected at least one ID=FILE: a bundle is never taken unsigned")
	}
	return ReadTrust(p.VerificationKeys, p.Scope)
}

// Waivers are the keys whose signatures waive invariants: nil for none.
func (p *Policy) Waivers() (*bundle.Trust, error) {
	if len(p.WaiverKeys) == 0 {
		return nil, nil
	}
	return ReadTrust(p.WaiverKeys, "")
}

// ReadTrust reads public keys, each as ID=FILE.
func ReadTrust(entries []string, scope string) (*bundle.Trust, error) {
	keys := map[string][]byte{}
	var faults []error
	for _, entry := range entries {
		id, file, found := strings.Cut(entry, "=")
		if !found || id == "" || file == "" {
			faults = append(faults, fmt.Errorf("expected ID=FILE, such as hospital=/etc/wardgate/policy.pub, and not %q", entry))
			continue
		}
		if _, twice := keys[id]; twice {
			faults = append(faults, fmt.Errorf("key id %q is named twice", id))
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		keys[id] = text
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return bundle.NewTrust(keys, scope)
}

// Source is where bundles come from.
func (p *Policy) Source() (delivery.Source, time.Duration, error) {
	if p.BundleFile != "" {
		return delivery.NewFile(p.BundleFile), 2 * time.Second, nil
	}
	c := delivery.ServerConfig{
		LongPoll: time.Duration(p.LongPollSeconds) * time.Second,
		Least:    time.Duration(p.MinDelaySeconds) * time.Second,
		Most:     time.Duration(p.MaxDelaySeconds) * time.Second,
	}
	if p.BearerTokenFile != "" {
		c.Token = func() (string, error) { return ReadSecret(p.BearerTokenFile) }
		if _, err := c.Token(); err != nil {
			return nil, 0, fmt.Errorf("policy.bearer_token_file: %w", err)
		}
	}
	var err error
	if c.CAs, err = ReadCAs(p.CAFile); err != nil {
		return nil, 0, fmt.Errorf("policy.ca_file: %w", err)
	}
	source, err := delivery.NewServer(p.BundleURL, c)
	return source, c.Most, err
}

// ReadCAs reads certificates in PEM; no file is nil, the system's CAs.
func ReadCAs(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}
