package health

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/wardgate/wardgate/pdp/engine/answer"
	"github.com/wardgate/wardgate/pdp/engine/delivery"
	"github.com/wardgate/wardgate/pdp/engine/proofs"
	"github.com/wardgate/wardgate/pdp/engine/shadow"
)

// A Policy says which rule book is in force.
type Policy struct {
	Revision    string         `json:"revision"`
	Source      string         `json:"source"` // "built-in", the watched folder, the bundle's file or server
	Bundle      *Bundle        `json:"bundle,omitempty"`
	Refused     *Refused       `json:"refused,omitempty"`
	Unreachable *Refused       `json:"unreachable,omitempty"`
	Overrun     *Refused       `json:"overrun,omitempty"`     // the newest decision that the rules took too long for
	Interpreted string         `json:"interpreted,omitempty"` // why OPA's interpreter decides
	Proof       *Proof         `json:"proof,omitempty"`
	Shadow      *shadow.Status `json:"shadow,omitempty"`
	Overruns    uint64         `json:"-"` // decisions that the rules took too long for
}

// A Proof says how far the proof of the rule book in force is.
type Proof struct {
	Revision   string    `json:"revision"`               // that it is of
	State      string    `json:"state"`                  // "proving", "proved", "refuted", "unproved"
	By         string    `json:"by,omitempty"`           // "bundle": as it was signed; "here"
	Since      time.Time `json:"since,omitzero"`         // when that came out
	Invariants int       `json:"invariants,omitempty"`   // that are proved
	Lacks      []string  `json:"lacks,omitempty"`        // those that are not
	Error      string    `json:"error,omitempty"`        // why the book could not be analysed
	Unstated   string    `json:"not_believed,omitempty"` // why the bundle's own statement is not
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
	b.watch("policy", func(now time.Time) Condition { return policyCondition(shown(), now) })
	b.watch("proof", func(time.Time) Condition { return proofCondition(shown().Proof) })
	b.registry.MustRegister(collector(func(tell func(prometheus.ValueType, string, string, float64, ...label)) {
		gauge, p := prometheus.GaugeValue, shown()
		tell(gauge, "policy_info", "1, with the revision that decides.", 1, label{"revision", p.Revision})
		tell(gauge, "policy_refused", "1 while the newest rule book was refused and the last good one serves.", one(p.Refused != nil))
		tell(prometheus.CounterValue, "policy_overruns_total", "Decisions that were ended because the rules took too many steps or too long.", float64(p.Overruns))
		tell(gauge, "policy_interpreted", "1 while OPA's interpreter decides, because the rule book could not be compiled.", one(p.Interpreted != ""))
		if p.Proof != nil {
			for _, state := range proofs.States() {
				tell(gauge, "policy_proof", "1 for how far the proof of the rule book in force is.", one(p.Proof.State == string(state)), label{"state", string(state)})
			}
			tell(gauge, "policy_invariants_lacking", "Invariants that are not proved of the rule book in force; /readyz names them.", float64(len(p.Proof.Lacks)))
		}
		if p.Shadow != nil {
			tellShadow(p.Shadow, tell)
		}
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

// tellShadow: how the shadow stands is no condition of serving.
func tellShadow(s *shadow.Status, tell func(prometheus.ValueType, string, string, float64, ...label)) {
	gauge := prometheus.GaugeValue
	for _, state := range shadow.States() {
		tell(gauge, "policy_shadow", "1 for how the shadow rule book stands.", one(s.State == state), label{"state", string(state)})
	}
	for _, class := range answer.Classes() {
		tell(gauge, "policy_shadow_flips", "Decisions that the shadow rule book would answer otherwise, since it was loaded, by class.", float64(s.Flips[class]), label{"class", string(class)})
	}
	tell(gauge, "policy_shadow_asked", "Decisions that the shadow rule book was asked about, since it was loaded.", float64(s.Asked))
	tell(prometheus.CounterValue, "policy_shadow_dropped_total", "Decisions that the shadow rule book could not keep up with.", float64(s.Dropped))
	tell(prometheus.CounterValue, "policy_shadow_failed_total", "Decisions that the shadow rule book could not be asked about.", float64(s.Failed))
}

// proofCondition: a book that is refuted goes on serving, and is not what it
// promises.
func proofCondition(p *Proof) Condition {
	if p == nil {
		return Condition{State: string(proofs.Proving)}
	}
	bad := p.State == string(proofs.Refuted) || p.State == string(proofs.Unproved)
	return Condition{State: p.State, Since: p.Since, Degraded: bad}
}

// overrunFor is how long one decision that the rules took too long for tells.
const overrunFor = 5 * time.Minute

func policyCondition(p *Policy, now time.Time) Condition {
	switch {
	case p.Refused != nil:
		return Condition{State: "refused", Since: p.Refused.Time, Degraded: true}
	case p.Unreachable != nil:
		return Condition{State: "unreachable", Since: p.Unreachable.Time, Degraded: true}
	case p.Overrun != nil && now.Sub(p.Overrun.Time) < overrunFor:
		return Condition{State: "slow", Since: p.Overrun.Time, Degraded: true}
	default:
		return Condition{State: "active"}
	}
}
