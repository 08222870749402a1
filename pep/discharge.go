package pep

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/wardgate/wardgate/internal/deadline"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/obligation"
)

// dischargeTimeout bounds what a decision's obligations may take.
const dischargeTimeout = 5 * time.Second

// discharge reads the obligations of the decision for the way that the request
// goes, does what has to be done before it goes, and refuses what is denied or
// cannot be kept on that way.
func (p *Proxy) discharge(ctx context.Context, x *exchange) *refusal {
	way := p.way(x)
	if way == 0 {
		return x.deny(code.ApplicationMissing)
	}
	effects, err := p.obligations.Discharge(&x.decision, way)
	if err == nil && x.leaves() && !effects.Ways.Has(obligation.Stream) {
		err = errors.New("it cannot be kept on a connection that leaves HTTP")
	}
	if err == nil && way != obligation.Refused && !x.bodyKept(effects) {
		err = errors.New("it cannot be kept where a body is not judged")
	}
	if p.wardgates(x) {
		err = errors.Join(err, p.revoke(ctx, x, effects.Revoke))
	}
	if err != nil {
		p.cfg.Log.Error("obligation not met", "decision", x.id, "error", err)
		return x.deny(code.ObligationUnmet)
	}
	x.effects = effects
	if way == obligation.Refused {
		return x.refuse()
	}
	return nil
}

// bodyKept reports whether obligations can be kept with what is known of the body.
func (x *exchange) bodyKept(e obligation.Effects) bool {
	return !x.streams || e.Ways.Has(obligation.Upload)
}

// deny refuses for one more reason what the decision may have allowed.
func (x *exchange) deny(reason string) *refusal {
	x.decision.Allow = false
	x.decision.Reasons = append(slices.Clone(x.decision.Reasons), reason)
	return x.refuse()
}

// way is where the request goes. It is 0 when it is allowed for an application
// that is not reached from here.
func (p *Proxy) way(x *exchange) obligation.Way {
	name := x.application()
	to, reached := x.applications.Upstreams[name]
	switch {
	case !x.decision.Allow:
		return obligation.Refused
	case reached && x.asked == nil && to.External:
		return obligation.External
	case reached && x.asked == nil:
		return obligation.Service
	case x.asked == nil:
		return 0
	case reached && !to.External:
		return obligation.ProxiedService
	case reached || slices.Contains(x.applications.Proxied, name):
		return obligation.Proxied
	default:
		return 0
	}
}

// wardgates reports whether the request is for Wardgate itself, or for nothing. One
// for another application ends no session, whatever the rule book says: such an
// application is not written with Wardgate's rights in mind, and its pages ask for
// what a role may not do without their user's doing.
func (p *Proxy) wardgates(x *exchange) bool {
	name := x.application()
	return !x.applications.Upstreams[name].External && !slices.Contains(x.applications.Proxied, name)
}

// revoke ends the session for the reasons. It goes on when the client has gone:
// hanging up saves no session from its revocation.
func (p *Proxy) revoke(ctx context.Context, x *exchange, reasons []string) error {
	if len(reasons) == 0 {
		return nil
	}
	if x.credential.Session == "" {
		return errors.New("there is no session to revoke")
	}
	ctx, cancel := deadline.Within(context.WithoutCancel(ctx), dischargeTimeout)
	defer cancel()
	var faults []error
	for _, reason := range reasons {
		if err := p.cfg.Revoker.Revoke(ctx, x.credential.Session, reason); err != nil {
			faults = append(faults, err)
			continue
		}
		x.revoked = true
	}
	return errors.Join(faults...)
}
