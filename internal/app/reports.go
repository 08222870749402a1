package app

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pdp/engine/delivery/report"
	"github.com/wardgate/wardgate/pip/audit"
	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/audit/ship/opalogs"
)

// CollectorConfig is an HTTP service that collects reports in OPA's formats.
// URL is the base of its paths; "" reports nothing.
type CollectorConfig struct {
	URL             string `koanf:"url"`
	BearerTokenFile string `koanf:"bearer_token_file"`
	CAFile          string `koanf:"ca_file"` // who vouches for the service; "" for whom the machine trusts
}

func (c *CollectorConfig) check(key string, fault func(format string, args ...any)) {
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
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// open reads what the collector's files hold. The token is read again for each
// request, so that it may be exchanged.
func (c *CollectorConfig) open(key string) (token func() (string, error), cas *x509.CertPool, err error) {
	if c.BearerTokenFile != "" {
		token = func() (string, error) { return readSecret(c.BearerTokenFile) }
		if _, err := token(); err != nil {
			return nil, nil, fmt.Errorf("%s.bearer_token_file: %w", key, err)
		}
	}
	if cas, err = readCAs(c.CAFile); err != nil {
		return nil, nil, fmt.Errorf("%s.ca_file: %w", key, err)
	}
	return token, cas, nil
}

// openReports begins the reports to an OPA control plane that the configuration
// names. A service that does not answer holds nothing up: decisions wait in the
// journal.
func (a *App) openReports() error {
	if err := a.openDecisionLogs(); err != nil {
		return err
	}
	c := &a.config.Status
	if c.URL == "" {
		return nil
	}
	token, cas, err := c.open("status")
	if err != nil {
		return err
	}
	r, err := report.New(report.Config{
		URL: c.URL, Token: token, CAs: cas, Labels: a.labels(), Status: a.policyStatus, Log: a.log.With("part", "status"),
	})
	if err != nil {
		return err
	}
	a.inBackground(r.Run)
	return nil
}

// decisionBatch keeps a request to the collector near what OPA itself sends.
func decisionBatch() audit.Bound { return audit.Bound{Records: 500, Bytes: 256 << 10} }

func (a *App) openDecisionLogs() error {
	c := &a.config.DecisionLogs
	if c.URL == "" {
		return nil
	}
	token, cas, err := c.open("decision_logs")
	if err != nil {
		return err
	}
	collector, err := opalogs.New(opalogs.Config{URL: c.URL, Token: token, CAs: cas, Labels: a.labels(), Mask: a.engine.Mask, Drop: a.engine.Drop})
	if err != nil {
		return err
	}
	s, err := ship.New(ship.Parts{
		Name: "decision-logs", Journal: a.config.journal().Dir, State: filepath.Join(a.config.Data, shipDir),
		Sink: collector, Encode: collector.Encode,
	}, ship.Config{Bound: decisionBatch(), Journal: a.journal, Head: a.journal.journal.Head, Log: a.log.With("part", "shipping")})
	if err != nil {
		return fmt.Errorf("decision_logs: %w", err)
	}
	a.shippers = append(a.shippers, s)
	a.inBackground(s.Run)
	a.metrics.registry.MustRegister(shipping{s, prometheus.Labels{"sink": s.Name()}})
	return nil
}

// labels say which process reports, as OPA's own reports do.
func (a *App) labels() map[string]string {
	labels := map[string]string{"app": "wardgate", "version": Version().Version, "id": a.config.Journal.Chain}
	if host, err := os.Hostname(); err == nil {
		labels["host"] = host
	}
	return labels
}

// policyStatus is the same for bundles, for a folder and for the built-in book.
func (a *App) policyStatus() delivery.Status {
	if a.keeper != nil {
		return a.keeper.Status()
	}
	s := delivery.Status{Source: a.readyPolicy().Source, Activated: a.started}
	s.Active.Rules = a.engine.Revision()
	if f := a.engine.Fault(); f != nil {
		s.Refused = &delivery.Trouble{Since: f.Time, Code: delivery.CodeRefused, Err: f.Err}
	}
	return s
}
