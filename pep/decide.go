package pep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/wardgate/wardgate/internal/deadline"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pep/token"
)

// decisionTimeout bounds the wait for one decision.
const decisionTimeout = 50 * time.Millisecond

// decide asks until routing and deciding are of one revision, and leaves a
// denial in x when nobody answers properly.
func (p *Proxy) decide(ctx context.Context, x *exchange, table *route.Table) {
	for range 3 {
		d, err := p.ask(ctx, x, table.Revision())
		if errors.Is(err, pdp.ErrRevisionChanged) {
			if table, err = p.reroute(x); err == nil {
				continue
			}
		}
		if err != nil {
			p.Log.Error("no decision", "decision", x.id, "error", err)
			break
		}
		x.decision = d
		return
	}
	x.decision = pdp.Decision{Reasons: []string{"decision_unavailable"}}
}

// reroute finds out what x means in the active revision. Its body was read for
// the route of an earlier one: when the new route takes another kind of body,
// what was read is not what would have to be judged.
func (p *Proxy) reroute(x *exchange) (*route.Table, error) {
	table, err := p.routes()
	if err != nil {
		return nil, err
	}
	match, matched := table.Match(x.target.Method, x.target.Path)
	if matched && (!x.matched || match.Route.Body != x.match.Route.Body) {
		return nil, errors.New("the body was read for another route")
	}
	x.match, x.matched = match, matched
	return table, nil
}

var errMisshapen = errors.New("the decision contradicts itself")

// ask puts one question to the Decider. An error, a panic, an answer that
// comes too late, contradicts itself or is of another revision than the route
// is an error, with a zero Decision.
func (p *Proxy) ask(ctx context.Context, x *exchange, revision string) (d pdp.Decision, err error) {
	defer func() {
		if v := recover(); v != nil {
			d, err = pdp.Decision{}, fmt.Errorf("the decider panicked: %s", panicText(v))
		}
	}()
	ctx, cancel := deadline.Within(ctx, decisionTimeout)
	defer cancel()
	d, err = p.Decider.Decide(ctx, x.request(revision))
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

// request is the question about this very exchange.
func (x *exchange) request(revision string) pdp.Request {
	r := pdp.Request{
		Subject: pdp.Subject{Type: "anonymous"},
		Action:  pdp.Action{Method: x.target.Method},
		Context: pdp.Context{
			Time:       x.now,
			Address:    x.address,
			UserAgent:  x.userAgent,
			Credential: x.credential,
			Route:      revision,
		},
	}
	if x.subject != "" {
		r.Subject = pdp.Subject{Type: "user", ID: x.subject}
		if x.credential.ACR == token.ACRMachine {
			r.Subject.Type = "machine"
		}
	}
	if x.matched {
		r.Action.Name = x.match.Route.Action
		r.Resource = x.match.Resource
	}
	return r
}
