package pep

import (
	"context"
	"time"

	"github.com/wardgate/wardgate/pep/code"
)

// retryWaiting is when to come again after too many waited.
const retryWaiting = 2 * time.Second

// wait lets slow work begin in turn, before a decision is asked for. What only
// another proxy forwards does none here.
func (p *Proxy) wait(ctx context.Context, x *exchange) *refusal {
	if x.asked != nil || !x.matched || !p.cfg.Anonymous.Costly(x.match.Route.Action) {
		return nil
	}
	leave, ok := p.cfg.Anonymous.Enter(ctx, x.who())
	if ok {
		x.leave = leave
		return nil
	}
	if !x.live() {
		return p.throttle(code.TooManyWaiting, retryWaiting)
	}
	r := p.refuse(code.TooManyWaiting)
	r.retry = retryWaiting
	return r
}
