package pep

import (
	"context"
	"net/http"

	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pep/code"
)

// spend turns away what too often comes to nothing, and takes the request out of its
// subject's quota of the application, by its route's weight. Beyond the quota the subject waits for that application alone: it
// is not asked about, revokes nothing, and counts as no behaviour. An application
// of which neither the configuration nor the rule book says anything has no quota.
func (p *Proxy) spend(_ context.Context, x *exchange) *refusal {
	if refused := p.mayTry(x); refused != nil {
		return refused
	}
	if !x.live() || !x.matched { // an old token spends nothing of its owner's
		return nil
	}
	name := x.application()
	of := x.applications.Quotas[name]
	if of.PerMinute == 0 {
		of.PerMinute = x.tables.quotas[name]
	}
	if of.PerMinute <= 0 {
		return nil
	}
	wait, ok := p.quotas.Take(x.subject, name, of.PerMinute, of.Cost(x.match.Route.Weight), x.now)
	if ok {
		return nil
	}
	r := p.refuse(code.QuotaExceeded)
	r.retry = wait
	return r
}

// mayTry turns away a caller whose requests have too often come to nothing at the policy
// administrator, for that application alone. Whether this request does is said when
// the exchange ends.
func (p *Proxy) mayTry(x *exchange) *refusal {
	if x.asked != nil || x.application() != administrator {
		return nil
	}
	tried, wait := p.cfg.Anonymous.Try(x.who(), x.now)
	if tried != nil {
		x.tried = tried
		return nil
	}
	if !x.live() {
		return p.throttle(code.TooMany, wait)
	}
	r := p.refuse(code.TooMany)
	r.retry = wait
	return r
}

// who is whose doings are counted together.
func (x *exchange) who() anonymous.Caller {
	if x.live() {
		return anonymous.Caller{Address: x.address, Known: "subject " + x.subject}
	}
	return x.caller
}

// fruitless reports whether an answer says that the request came to nothing by a fault
// of the caller's.
func fruitless(status int) bool {
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}
