package process

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pip"
)

// healthMetrics tells what /readyz tells, as it is when it is asked.
type healthMetrics struct{ app *Process }

func healthDesc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("wardgate_"+name, help, labels, nil)
}

// Describe sends nothing: a collector's metrics are those that Collect sends.
func (healthMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect tells how things stand.
func (m healthMetrics) Collect(out chan<- prometheus.Metric) {
	a := m.app
	gauge := func(v float64, d *prometheus.Desc, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	status, _ := a.readiness()
	gauge(one(status == 200), healthDesc("ready", "1 while requests can be allowed."))
	for name, c := range a.conditions() {
		gauge(one(c.degraded), healthDesc("degraded", "1 while this part does not stand well; /readyz says how.", "part"), name)
	}
	m.collectJournal(out, gauge)
	if a.reporting != nil {
		gauge(a.unreported(time.Now()).Seconds(), healthDesc("behaviour_unreported_seconds", "How long what this process saw may have waited to be counted at the decision point."))
	}
	if a.engine == nil {
		return
	}
	for name, s := range a.sources.all() {
		out <- prometheus.MustNewConstMetric(healthDesc("source_failures_total", "Questions that an information point did not answer.", "source"),
			prometheus.CounterValue, float64(s.failures.Load()), name)
	}
	if a.behaviour != nil {
		age := math.Inf(1)
		if r := a.behaviour.Reading(time.Now()); r.State != pip.Unknown {
			age = r.Age.Seconds()
		}
		gauge(age, healthDesc("signals_age_seconds", "Age of the counts of behaviour; infinite before the first."))
	}
}

func (m healthMetrics) collectJournal(out chan<- prometheus.Metric, gauge func(float64, *prometheus.Desc, ...string)) {
	if m.app.journal == nil {
		return
	}
	j := m.app.journal.journal
	gauge(one(j.Err() != nil), healthDesc("journal_failing", "1 while nothing can be journalled, and so nothing allowed."))
	gauge(one(j.Full()), healthDesc("journal_reserve_in_use", "1 while the disk is full and the journal writes into its reserve."))
	out <- prometheus.MustNewConstMetric(healthDesc("journal_records_total", "Records of the journal, from its beginning."),
		prometheus.CounterValue, float64(j.Head().Seq))
	if k := m.app.keeping; k != nil {
		gauge(one(k.Err() != nil), healthDesc("journal_anchor_failing", "1 while the journal's head cannot be anchored."))
		gauge(float64(k.Behind()), healthDesc("journal_anchor_behind_records", "Records that the anchor does not prove yet."))
	}
}
