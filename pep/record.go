package pep

import (
	"context"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/deadline"
	"github.com/wardgate/wardgate/pip"
)

// journalTimeout bounds the wait for the journal's disk.
const journalTimeout = 10 * time.Second

// record keeps the evidence of what the stages came to, nil or a refusal, and
// returns that. Without evidence the request is refused. What is counted
// instead of recorded has no id, for no record bears it.
func (p *Proxy) record(ctx context.Context, x *exchange, refused *refusal) *refusal {
	if refused != nil {
		x.decision.Reasons = refused.reasons
		if p.counted(x, refused) {
			x.id = ""
			return refused
		}
	}
	if err := p.journal(ctx, x.decisionEvent()); err != nil {
		p.cfg.Log.Error("decision not journalled", "decision", x.id, "error", err)
		return p.refuse(journalMissing)
	}
	return refused
}

// counted reports whether a refusal needs no record of its own: it turned a
// caller without a session away, or is one of so many of that caller's. A
// refusal that had effects is always recorded.
func (p *Proxy) counted(x *exchange, r *refusal) bool {
	switch {
	case r.throttled:
		p.cfg.Anonymous.Throttled(x.caller, r.reasons[0], x.now)
		return true
	case x.subject != "" || x.revoked:
		return false
	default:
		return p.cfg.Anonymous.Collect(x.caller, r.reasons, x.decision.Revision, x.now)
	}
}

// journal waits for the journal even when the client has gone: evidence does
// not depend on a client's patience.
func (p *Proxy) journal(ctx context.Context, e pip.Event) error {
	ctx, cancel := deadline.Within(context.WithoutCancel(ctx), journalTimeout)
	defer cancel()
	return p.cfg.Journal.Append(ctx, e)
}

// decisionEvent is the evidence of the decision. The path of a request that
// matched no route may hold anything, and is kept as a digest only.
func (x *exchange) decisionEvent() pip.Event {
	d := &x.decision
	e := x.event(pip.KindDecision)
	e.Allow = d.Allow
	e.Outcome = "failure"
	if d.Allow {
		e.Outcome = "success"
	}
	e.Reasons = d.Reasons
	x.ground(&e)
	e.Revision = d.Revision
	e.Input = d.Evidence.Input
	e.Ages = d.Evidence.Ages
	if patient := x.patient(); patient != "" {
		e.Patients = []string{patient}
	}
	for i := range d.Obligations {
		e.Obligations = append(e.Obligations, d.Obligations[i].ID)
	}
	return e
}

// ground names the rules under which x is allowed.
func (x *exchange) ground(e *pip.Event) {
	if d := &x.decision; d.Allow {
		e.Rules, e.Right, e.Reach = d.Grounds.Names(), d.Grounds.Right, d.Grounds.Reach
	}
}

// patient is whose record was asked for, granted or not.
func (x *exchange) patient() string {
	if x.matched && x.match.Resource.Type == "patient" && x.match.Resource.ID != "" {
		return x.match.Resource.ID
	}
	return x.decision.Evidence.Patient
}

// event is what decision and outcome have in common.
func (x *exchange) event(kind pip.Kind) pip.Event {
	e := pip.Event{
		Kind:        kind,
		Time:        x.now,
		Decision:    x.id,
		Subject:     x.subject,
		Role:        x.decision.Evidence.Who.Role,
		Session:     x.credential.Session,
		Method:      x.target.Method,
		QueryDigest: assertion.Digest([]byte(x.target.Query)),
		BodyDigest:  x.bodyDigest,
	}
	seen := &x.decision.Evidence
	e.OS, e.Browser, e.Country = seen.Device.OS, seen.Device.Browser, seen.Location.Country
	if x.asked != nil {
		e.Detail = askedDetail
	}
	if x.address.IsValid() {
		e.Address = x.address.String()
	}
	if x.matched {
		e.Action = x.match.Route.Action
		e.Path = x.target.Path
	} else {
		e.PathDigest = assertion.Digest([]byte(x.target.Path))
	}
	return e
}
