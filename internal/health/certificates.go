package health

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/internal/servercert"
)

// soon is how long before its end a certificate is said to end soon.
const soon = 14 * 24 * time.Hour

// Certificates watches those that a listener proves itself with. Clients turn away from one
// that has ended by themselves: the process stays ready, for those that do not.
func (b *Board) Certificates(of *servercert.Set) {
	for i, one := range of.Standing() {
		b.watch(one.Name, func(now time.Time) Condition { return certificateCondition(of.Standing()[i], now) })
	}
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		for _, one := range of.Standing() {
			tell(prometheus.GaugeValue, "certificate_expires_timestamp_seconds", "When a certificate expires that a listener proves itself with.",
				float64(one.Expires.Unix()), label{"certificate", one.Name})
		}
	}))
}

// Issued watches certificates that an authority issues, for hosts that come and go.
func (b *Board) Issued(standing func() []servercert.Standing) {
	b.watchAll(func(now time.Time, tell map[string]Condition) {
		for _, one := range standing() {
			tell["tls.acme."+one.Name] = issuedCondition(one, now)
		}
	})
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		for _, one := range standing() {
			if !one.Expires.IsZero() {
				tell(prometheus.GaugeValue, "issued_certificate_expires_timestamp_seconds", "When a certificate expires that an authority issued by ACME.",
					float64(one.Expires.Unix()), label{"host", one.Name})
			}
		}
	}))
}

func issuedCondition(c servercert.Standing, now time.Time) Condition {
	if c.Fault == nil {
		return Condition{State: "current"}
	}
	state := "not_renewed"
	switch {
	case c.Expires.IsZero():
		state = "missing"
	case now.After(c.Expires):
		state = "expired"
	}
	return Condition{State: state, Error: c.Fault.Error(), Degraded: true}
}

func certificateCondition(c servercert.Standing, now time.Time) Condition {
	switch {
	case now.After(c.Expires):
		return Condition{State: "expired", Since: c.Expires.UTC(), Degraded: true}
	case c.Fault != nil:
		return Condition{State: "refused", Degraded: true}
	case now.Add(soon).After(c.Expires):
		return Condition{State: "ends_soon", Degraded: true}
	default:
		return Condition{State: "current"}
	}
}
