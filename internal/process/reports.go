package process

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/internal/version"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pdp/engine/delivery/report"
	"github.com/wardgate/wardgate/pip/audit/reader"
	"github.com/wardgate/wardgate/pip/audit/ship"
	"github.com/wardgate/wardgate/pip/audit/ship/opalogs"
)

// openReports begins the reports to an OPA control plane that the configuration
// names. A service that does not answer holds nothing up: decisions wait in the
// journal.
func (a *Process) openReports() error {
	if err := a.openDecisionLogs(); err != nil {
		return err
	}
	c := &a.config.Status
	if c.URL == "" {
		return nil
	}
	token, cas, err := c.Credentials("status")
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
func decisionBatch() reader.Bound { return reader.Bound{Records: 500, Bytes: 256 << 10} }

func (a *Process) openDecisionLogs() error {
	c := &a.config.DecisionLogs
	if c.URL == "" {
		return nil
	}
	token, cas, err := c.Credentials("decision_logs")
	if err != nil {
		return err
	}
	collector, err := opalogs.New(opalogs.Config{URL: c.URL, Token: token, CAs: cas, Labels: a.labels(), Mask: a.engine.Mask, Drop: a.engine.Drop})
	if err != nil {
		return err
	}
	s, err := ship.New(ship.Parts{
		Name: "decision-logs", Journal: a.config.AuditConfig().Dir, State: filepath.Join(a.config.Data, shipDir),
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
func (a *Process) labels() map[string]string {
	labels := map[string]string{"app": "wardgate", "version": version.Get().Version, "id": a.config.Journal.Chain}
	if host, err := os.Hostname(); err == nil {
		labels["host"] = host
	}
	return labels
}

// policyStatus is the same for bundles, for a folder and for the built-in book.
func (a *Process) policyStatus() delivery.Status {
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
