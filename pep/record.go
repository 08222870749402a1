package pep

import (
	"context"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/deadline"
	"github.com/wardgate/wardgate/internal/refusals"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pip"
)

// journalTimeout bounds the wait for the journal's disk.
const journalTimeout = 10 * time.Second

// record keeps the evidence of what the stages came to, nil or a refusal, and
// returns that. Without evidence the request is refused. What is counted
// instead of recorded has no id, for no record bears it. A refusal that had effects
// is always recorded.
func (p *Proxy) record(ctx context.Context, x *exchange, refused *refusal) *refusal {
	if refused != nil {
		x.decision.Reasons = refused.reasons
		if !x.revoked && p.cfg.Refusals.Count(p.source(x), p.refused(x, refused)) {
			x.id = ""
			return refused
		}
	}
	t := x.trace()
	t.Patient = x.patient()
	if err := p.journal(ctx, t.Decided(&x.decision, p.reasons(x), x.now)); err != nil {
		p.cfg.Log.Error("decision not journalled", "decision", x.id, "error", err)
		return p.refuse(code.JournalMissing)
	}
	return refused
}

// source is who was refused: further refusals are counted to it.
func (p *Proxy) source(x *exchange) refusals.Source {
	return refusals.Source{
		Subject: x.subject, Session: x.credential.Session, Role: x.decision.Evidence.Who.Role, Address: x.address,
	}
}

// refused is what was refused. What the codes mean is said by the tables of x.
func (p *Proxy) refused(x *exchange, r *refusal) *refusals.Refusal {
	reasons := p.reasons(x)
	return &refusals.Refusal{
		Kind: p.kind(x, r), Codes: r.reasons, Denial: reasons.Denial(r.reasons), Alarm: reasons.Alarm(r.reasons),
		Patient: x.patient(), Revision: x.decision.Revision, Time: x.now,
	}
}

// kind says how many refusals like r are evidence of their own. What a policy denies
// a live session is; what was asked with a session that has ended, for a host or
// path that does not exist, or in a way that has no reading, tells little.
func (p *Proxy) kind(x *exchange, r *refusal) refusals.Kind {
	over := slices.ContainsFunc(r.reasons, func(c string) bool { return c == code.SessionRevoked || c == code.SubjectBanned })
	switch {
	case r.throttled:
		return refusals.Turned
	case x.subject == "":
		return refusals.Anonymous
	case over || x.ended != "" || x.decision.Revision == "" || !x.matched:
		return refusals.Void
	default:
		return refusals.Denied
	}
}

// journal waits for the journal even when the client has gone: evidence does
// not depend on a client's patience.
func (p *Proxy) journal(ctx context.Context, e pip.Event) error {
	ctx, cancel := deadline.Within(context.WithoutCancel(ctx), journalTimeout)
	defer cancel()
	return p.cfg.Journal.Append(ctx, e)
}

// trace is what all evidence of x has in common. The path of a request that
// matched no route may hold anything, and is kept as a digest only.
func (x *exchange) trace() pdp.Trace {
	seen := &x.decision.Evidence
	t := pdp.Trace{
		ID:          x.id,
		Subject:     x.subject,
		Role:        seen.Who.Role,
		Session:     x.credential.Session,
		Address:     x.address,
		Client:      seen.Client(),
		Application: x.hosted,
		Method:      x.target.Method,
		QueryDigest: assertion.Digest([]byte(x.target.Query)),
		BodyDigest:  x.bodyDigest,
	}
	if x.asked != nil {
		t.Detail = pdp.DetailChecked
	}
	if x.matched {
		t.Action, t.Path = x.match.Route.Action, x.target.Path
	} else {
		t.PathDigest = assertion.Digest([]byte(x.target.Path))
	}
	return t
}

// patient is whose record was asked for, granted or not.
func (x *exchange) patient() string {
	if x.matched && x.match.Resource.Type == "patient" && x.match.Resource.ID != "" {
		return x.match.Resource.ID
	}
	return x.decision.Evidence.Patient
}

// reasons are what the codes about x mean.
func (p *Proxy) reasons(x *exchange) pdp.Reasons {
	if x.tables == nil {
		return p.own
	}
	return x.tables.reasons
}
