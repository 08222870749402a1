package health

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/wardgate/wardgate/internal/refusals"
	"github.com/wardgate/wardgate/pdp"
)

func registerRuntime(r *prometheus.Registry) {
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// A collector reads metrics when they are asked for. Labels are enums: never an
// id.
type collector func(tell func(kind prometheus.ValueType, name, help string, value float64, labels ...label))

// A label is one label of a metric, and its value.
type label struct{ name, value string }

// Describe sends nothing: a collector's metrics are those that Collect sends.
func (collector) Describe(chan<- *prometheus.Desc) {}

// Collect reads them.
func (c collector) Collect(out chan<- prometheus.Metric) {
	c(func(kind prometheus.ValueType, name, help string, value float64, labels ...label) {
		var names, values []string
		for _, l := range labels {
			names, values = append(names, l.name), append(values, l.value)
		}
		out <- prometheus.MustNewConstMetric(prometheus.NewDesc("wardgate_"+name, help, names, nil), kind, value, values...)
	})
}

// boardMetrics tells what /readyz tells.
type boardMetrics struct{ board *Board }

// Describe sends nothing: a collector's metrics are those that Collect sends.
func (boardMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect tells how things stand.
func (m boardMetrics) Collect(out chan<- prometheus.Metric) {
	collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		status, r := m.board.readiness()
		tell(prometheus.GaugeValue, "ready", "1 while requests can be allowed.", one(status == 200))
		for name, c := range r.Detail {
			tell(prometheus.GaugeValue, "degraded", "1 while this part does not stand well; /readyz says how.", one(c.Degraded), label{"part", name})
		}
	}).Collect(out)
}

func one(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// decisions counts and times what is decided, and what comes of it.
type decisions struct {
	made    *prometheus.CounterVec
	reasons *prometheus.CounterVec
	seconds prometheus.Histogram
	unasked prometheus.Counter
}

func newDecisions() decisions {
	return decisions{
		made: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wardgate_decisions_total",
			Help: "Decisions by outcome: allow, deny, error.",
		}, []string{"outcome"}),
		reasons: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wardgate_denial_reasons_total",
			Help: "Denials by the rule book's codes; one with several counts for each.",
		}, []string{"reason"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "wardgate_decision_duration_seconds",
			Help:    "Time to gather facts and decide.",
			Buckets: prometheus.ExponentialBuckets(5e-6, 2, 15),
		}),
		unasked: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "wardgate_upstream_unasked_answers_total",
			Help: "Connections closed because an application sent what no request had asked for.",
		}),
	}
}

// Unasked counts a connection that an application sent an answer on that no
// request had asked for.
func (b *Board) Unasked() { b.decisions.unasked.Inc() }

// Refusals counts what was refused, and how much of it has a record of its own.
func (b *Board) Refusals(l *refusals.Ledger) {
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		recorded := map[bool]string{false: "single", true: "counted"}
		for total, n := range l.Totals() {
			tell(prometheus.CounterValue, "refusals_total",
				"Refused requests, by what they were and whether they have a record of their own or are counted in one for many.",
				float64(n), label{"kind", total.Kind.String()}, label{"recorded", recorded[total.Counted]})
		}
	}))
}

// Decider counts and times what d decides.
func (b *Board) Decider(d pdp.Decider) pdp.Decider {
	return &meteredDecider{
		next: d, seconds: b.decisions.seconds, reasons: b.decisions.reasons,
		allow: b.decisions.made.WithLabelValues("allow"),
		deny:  b.decisions.made.WithLabelValues("deny"),
		fail:  b.decisions.made.WithLabelValues("error"),
	}
}

type meteredDecider struct {
	next              pdp.Decider
	seconds           prometheus.Observer
	reasons           *prometheus.CounterVec // the codes are those of the rule book's table
	allow, deny, fail prometheus.Counter
}

func (d *meteredDecider) Decide(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
	start := time.Now()
	decision, err := d.next.Decide(ctx, r)
	d.seconds.Observe(time.Since(start).Seconds())
	switch {
	case err != nil:
		d.fail.Inc()
	case decision.Allow:
		d.allow.Inc()
	default:
		d.deny.Inc()
		for _, code := range decision.Reasons {
			d.reasons.WithLabelValues(code).Inc()
		}
	}
	return decision, err
}
