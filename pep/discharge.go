package pep

import (
	"context"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/deadline"
	"github.com/wardgate/wardgate/pep/obligation"
)

// dischargeTimeout bounds what a decision's obligations may take.
const dischargeTimeout = 5 * time.Second

// discharge meets the obligations of the decision, and refuses what it denies
// or what cannot be met. It goes on when the client has gone: hanging up saves
// no session from its revocation.
func (p *Proxy) discharge(ctx context.Context, x *exchange) *refusal {
	ctx, cancel := deadline.Within(context.WithoutCancel(ctx), dischargeTimeout)
	defer cancel()
	effects, err := p.discharger.Discharge(ctx, &x.decision, x.credential.Session)
	x.effects = effects
	if err != nil {
		p.cfg.Log.Error("obligation not met", "decision", x.id, "error", err)
		x.unmet(obligationUnmet)
	}
	if code := p.outOfReach(x); x.decision.Allow && code != "" {
		x.unmet(code)
	}
	if !x.decision.Allow {
		return x.refuse()
	}
	return nil
}

func (x *exchange) unmet(code string) {
	x.deny(code)
	x.effects = obligation.Effects{Revoked: x.effects.Revoked}
}

// outOfReach says why the application may not have this request, or "". One
// that is external or that only another proxy reaches reads no assertion: a
// decision that limits what it may show would limit nothing there. Nor is an answer masked that
// another proxy brings to the client.
func (p *Proxy) outOfReach(x *exchange) string {
	name := x.application()
	switch {
	case x.asked != nil && x.effects.Mask != nil:
		return obligationUnmet // the answer will never be seen here
	case p.forwarder[name] != nil && !p.cfg.Upstreams[name].External:
		return ""
	case p.forwarder[name] == nil && (x.asked == nil || !slices.Contains(p.cfg.Proxied, name)):
		return applicationMissing
	case x.effects.Rows != nil || len(x.effects.Withhold) > 0 || x.effects.WithholdFragile:
		return obligationUnmet
	default:
		return ""
	}
}
