package process

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/problem"
	"github.com/wardgate/wardgate/internal/version"
	"github.com/wardgate/wardgate/pdp"
)

// metrics are what operators watch. Labels are enums: never an id.
type metrics struct {
	registry  *prometheus.Registry
	decisions *prometheus.CounterVec
	seconds   prometheus.Histogram
	unasked   prometheus.Counter
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "wardgate_decisions_total",
			Help: "Decisions by outcome: allow, deny, error.",
		}, []string{"outcome"}),
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
	m.registry.MustRegister(m.decisions, m.seconds, m.unasked,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// decider counts and times what d decides.
func (m *metrics) decider(d pdp.Decider) pdp.Decider {
	return &meteredDecider{
		next: d, seconds: m.seconds,
		allow: m.decisions.WithLabelValues("allow"),
		deny:  m.decisions.WithLabelValues("deny"),
		fail:  m.decisions.WithLabelValues("error"),
	}
}

type meteredDecider struct {
	next              pdp.Decider
	seconds           prometheus.Observer
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
	}
	return decision, err
}

// operations serves what operators and orchestrators ask. It tells nothing
// about people.
func (a *Process) operations() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		status, body := a.readiness()
		writeJSON(w, status, body)
	})
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, version.Get())
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{}))
	return a.served(mux)
}

// served refuses the Host names that the process does not serve, as the
// enforcement point does: no page elsewhere reaches the demo by rebinding.
func (a *Process) served(next http.Handler) http.Handler {
	if !a.config.Demo {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopbackHost(r.Host) {
			problem.Write(w, problem.New(http.StatusMisdirectedRequest, "host_unknown"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

type readiness struct {
	// Status is "ready", "stopping", "journal_unavailable",
	// "decision_point_unavailable" or "revocations_unknown".
	Status string        `json:"status"`
	Since  time.Time     `json:"since"`
	Roles  []string      `json:"roles"`
	Policy *policyDetail `json:"policy,omitempty"` // where something is decided

	Revocations string `json:"revocations,omitempty"` // how far the list may be believed: "fresh", "stale", "unknown"

	Degraded []string             `json:"degraded"` // what of the detail does not stand well
	Detail   map[string]condition `json:"detail"`
}

// readiness is 503 where nothing can be allowed. It stays 200 while a last good
// rule book serves, and while less is allowed than should be.
func (a *Process) readiness() (int, readiness) {
	r := readiness{Status: "ready", Since: a.started, Roles: a.roles(), Policy: a.readyPolicy(), Detail: a.conditions()}
	if a.stores.revocations != nil {
		r.Revocations = a.stores.revocations.Reading().State.String()
	}
	names, fatal := degraded(r.Detail)
	r.Degraded = append([]string{}, names...)
	switch {
	case a.stopping.Load():
		r.Status = "stopping"
	case fatal != "":
		r.Status = fatal
	default:
		return http.StatusOK, r
	}
	return http.StatusServiceUnavailable, r
}

func (a *Process) roles() []string {
	if len(a.config.Roles) == 0 {
		return config.EveryRole()
	}
	return a.config.Roles
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The status is sent: a broken connection is the client's loss.
	_ = json.NewEncoder(w).Encode(body)
}
