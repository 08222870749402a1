package pep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/deadline"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/token"
)

// DecisionTime bounds the wait for one decision, unless the Config says otherwise.
const DecisionTime = 50 * time.Millisecond

// ask asks until routing and deciding are of one revision, and leaves a denial
// in x when there is no proper answer. A denial goes on to the next stage: it
// has obligations too.
//
// The exchange counts as one under way from before the question, so that no
// revocation falls between the answer and the entry. What the policy
// administrator is asked is left out: it is what ends sessions, and the request
// that asked for that learns that it happened.
func (p *Proxy) ask(ctx context.Context, x *exchange) *refusal {
	if x.asked == nil && x.application() != administrator {
		x.inflight = p.inflight.Begin(x.credential.Session, x.subject)
		if x.inflight == nil && (x.leaves() || x.streams) {
			x.inflight = p.inflight.BeginOpen()
		}
	}
	for range 3 {
		d, err := p.decide(ctx, x)
		if errors.Is(err, pdp.ErrRevisionChanged) {
			if err = p.reroute(x); err == nil {
				continue
			}
		}
		if err != nil {
			p.cfg.Log.Error("no decision", "decision", x.id, "error", err)
			break
		}
		x.decision = d
		return nil
	}
	x.decision = pdp.Decision{Reasons: []string{code.DecisionMissing}}
	return nil
}

// reroute finds out what x means in the active revision. Its body was read for
// the route of an earlier one: when the new route takes another kind of body,
// what was read is not what would have to be judged.
func (p *Proxy) reroute(x *exchange) error {
	active, err := p.active(x.applications)
	if err != nil {
		return err
	}
	match := active.routes.LookUp(x.hosted, x.target.Method, x.target.Path, x.target.Query)
	matched := match.Route != nil
	if match.Flaw != "" {
		return fmt.Errorf("by the new route table: %s", match.Flaw)
	}
	if matched && (!x.matched || !x.match.Route.BodyServes(match.Route)) {
		return errors.New("the body was read for another route")
	}
	x.tables, x.match, x.matched = active, match, matched
	if matched && x.misplaced() {
		return errors.New("a session by cookie is not for the new route")
	}
	return nil
}

var errMisshapen = errors.New("the decision contradicts itself")

// decide puts one question to the Decider. An error, a panic, an answer that
// comes too late, contradicts itself or is of another revision than the route
// is an error, with a zero Decision.
func (p *Proxy) decide(ctx context.Context, x *exchange) (d pdp.Decision, err error) {
	defer func() {
		if v := recover(); v != nil {
			d, err = pdp.Decision{}, fmt.Errorf("the decider panicked: %s", panicText(v))
		}
	}()
	ctx, cancel := deadline.Within(ctx, p.cfg.DecisionTime)
	defer cancel()
	revision := x.tables.routes.Revision()
	d, err = p.cfg.Decider.Decide(ctx, x.question(revision))
	switch {
	case err != nil:
		return pdp.Decision{}, err
	case ctx.Err() != nil:
		return pdp.Decision{}, fmt.Errorf("the decision came too late: %w", ctx.Err())
	case revision == "" || d.Revision != revision || !d.Shapely():
		return pdp.Decision{}, errMisshapen
	}
	return d, nil
}

// question is what is asked about this very exchange.
func (x *exchange) question(revision string) pdp.Request {
	r := pdp.Request{
		Subject: pdp.Subject{Type: pdp.SubjectAnonymous},
		Action:  pdp.Action{Method: x.target.Method, Upgrade: len(x.incoming.Header["Upgrade"]) > 0},
		Context: pdp.Context{
			ID:         x.id,
			Time:       x.now,
			Address:    x.address,
			UserAgent:  x.incoming.UserAgent(),
			Credential: x.credential,
			Route:      revision,
		},
	}
	if x.subject != "" {
		r.Subject = pdp.Subject{Type: pdp.SubjectUser, ID: x.subject}
		if x.credential.ACR == token.ACRMachine {
			r.Subject.Type = pdp.SubjectMachine
		}
	}
	if x.matched {
		r.Action.Name, r.Action.Path = x.match.Route.Action, x.target.Path
		r.Resource = x.match.Resource
	}
	return r
}
