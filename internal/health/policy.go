package health

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pdp/engine/delivery"
)

// A Policy says which rule book is in force.
type Policy struct {
	Revision    string   `json:"revision"`
	Source      string   `json:"source"` // "built-in", the watched folder, the bundle's file or server
	Bundle      *Bundle  `json:"bundle,omitempty"`
	Refused     *Refused `json:"refused,omitempty"`
	Unreachable *Refused `json:"unreachable,omitempty"`
}

// A Bundle is what a rule book was delivered in.
type Bundle struct {
	Revision   string         `json:"revision"` // what its manifest calls it
	Version    time.Time      `json:"version"`
	Newest     time.Time      `json:"newest"` // the newest version that was ever in force
	Digest     string         `json:"digest"`
	Reached    time.Time      `json:"reached,omitzero"` // when the source last answered
	RolledBack *delivery.Hold `json:"rolled_back,omitempty"`
}

// Refused tells the operator why the newest rule book is not in force.
type Refused struct {
	Time  time.Time `json:"time"`
	Code  string    `json:"code,omitempty"`
	Error string    `json:"error"`
}

// Delivered is the policy of a process whose rule book comes in bundles.
func Delivered(revision string, s *delivery.Status) *Policy {
	p := &Policy{Revision: revision, Source: s.Source, Bundle: &Bundle{
		Revision: s.Active.Revision, Version: s.Active.Version, Newest: s.Newest.Version, Digest: s.Active.Digest,
		Reached: s.Reached, RolledBack: s.Held,
	}}
	if t := s.Refused; t != nil {
		p.Refused = &Refused{Time: t.Since, Code: string(t.Code), Error: t.Err.Error()}
	}
	if t := s.Unreachable; t != nil {
		p.Unreachable = &Refused{Time: t.Since, Error: t.Err.Error()}
	}
	return p
}

// RemotePolicy shows which rule book decides in another process.
func (b *Board) RemotePolicy(shown func() *Policy) { b.policy = shown }

// Policy watches the rule book of this process's engine. delivered is nil where
// no bundles are delivered.
func (b *Board) Policy(shown func() *Policy, delivered func() delivery.Status) {
	b.policy = shown
	b.watch("policy", func(time.Time) Condition { return policyCondition(shown()) })
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		gauge, p := prometheus.GaugeValue, shown()
		tell(gauge, "policy_info", "1, with the revision that decides.", 1, label{"revision", p.Revision})
		tell(gauge, "policy_refused", "1 while the newest rule book was refused and the last good one serves.", one(p.Refused != nil))
		if delivered == nil {
			return
		}
		s, reached := delivered(), 0.0
		for _, code := range delivery.Codes() {
			tell(prometheus.CounterValue, "policy_refusals_total", "Bundles that were refused, by reason.", float64(s.Refusals[code]), label{"code", string(code)})
		}
		if !s.Reached.IsZero() {
			reached = float64(s.Reached.UnixMilli()) / 1000
		}
		tell(gauge, "policy_source_reached_timestamp_seconds", "When the source of bundles last answered; 0 for not since the start.", reached)
		tell(gauge, "policy_rolled_back", "1 while an operator's rollback holds.", one(s.Held != nil))
	}))
}

func policyCondition(p *Policy) Condition {
	switch {
	case p.Refused != nil:
		return Condition{State: "refused", Since: p.Refused.Time, Degraded: true}
	case p.Unreachable != nil:
		return Condition{State: "unreachable", Since: p.Unreachable.Time, Degraded: true}
	default:
		return Condition{State: "active"}
	}
}
