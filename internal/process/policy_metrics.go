package process

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pdp/engine/delivery"
)

// policyMetrics tells which rule book is in force, as it is when it is asked.
type policyMetrics struct {
	app                                        *Process
	info, refused, refusals, reached, rollback *prometheus.Desc
}

func newPolicyMetrics(a *Process) *policyMetrics {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("wardgate_policy_"+name, help, labels, nil)
	}
	return &policyMetrics{
		app:      a,
		info:     describe("info", "1, with the revision that decides.", "revision"),
		refused:  describe("refused", "1 while the newest rule book was refused and the last good one serves."),
		refusals: describe("refusals_total", "Bundles that were refused, by reason.", "code"),
		reached:  describe("source_reached_timestamp_seconds", "When the source of bundles last answered; 0 for not since the start."),
		rollback: describe("rolled_back", "1 while an operator's rollback holds."),
	}
}

// Describe names what Collect tells.
func (m *policyMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.info, m.refused, m.refusals, m.reached, m.rollback} {
		out <- d
	}
}

// Collect tells how things stand.
func (m *policyMetrics) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(m.info, 1, m.app.engine.Revision())
	gauge(m.refused, one(m.app.readyPolicy().Refused != nil))
	if m.app.keeper == nil {
		return
	}
	s := m.app.keeper.Status()
	for _, code := range delivery.Codes() {
		out <- prometheus.MustNewConstMetric(m.refusals, prometheus.CounterValue, float64(s.Refusals[code]), string(code))
	}
	reached := 0.0
	if !s.Reached.IsZero() {
		reached = float64(s.Reached.UnixMilli()) / 1000
	}
	gauge(m.reached, reached)
	gauge(m.rollback, one(s.Held != nil))
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
