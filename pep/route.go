package pep

import (
	"context"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/request"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pep/session"
)

// route finds out what the request means in the active revision, and reads the
// body that its route takes. That no route matches is for the policy to deny, but for a
// line that another route would take in another spelling or with another method.
func (p *Proxy) route(_ context.Context, x *exchange) *refusal {
	var err error
	if x.tables, err = p.active(x.applications); err != nil {
		p.cfg.Log.Error("route table refused", "error", err)
		return p.refuse(code.RoutesUnavailable)
	}
	x.match = x.tables.routes.LookUp(x.hosted, x.target.Method, x.target.Path, x.target.Query)
	if x.matched = x.match.Route != nil; !x.matched {
		return p.unlessEnded(x, p.unroutable(&x.match))
	}
	if x.misplaced() {
		return p.unlessEnded(x, p.refuse(code.CookieMisplaced))
	}
	if flaw := x.readOpening(); flaw != "" {
		return p.unlessEnded(x, p.refuse(flaw))
	}
	body, flaw := p.readBody(x)
	if flaw == "" && len(body) == 0 && !x.streams && x.match.Route.Required {
		flaw = code.BodyMissing
	}
	if flaw != "" {
		return p.unlessEnded(x, p.refuse(flaw))
	}
	x.body, x.bodyDigest = body, assertion.Digest(body)
	if x.streams {
		x.bodyDigest = assertion.Streamed
	}
	return nil
}

// unroutable is the refusal of a line that has no row because of how it is written; nil
// where that no row matches is for the policy to deny.
func (p *Proxy) unroutable(m *route.Match) *refusal {
	if m.Flaw == "" {
		return nil
	}
	r := p.refuse(m.Flaw)
	r.allow = m.Allow
	return r
}

// misplaced reports whether a session by cookie asks for an application that takes none
// here.
func (x *exchange) misplaced() bool {
	return x.handle != "" && !session.Comes(x.hosted, x.application())
}

// readBody reads the body that the route of x takes, or what another proxy shows of
// it. One that is not seen is left to a service that refuses any other than was judged:
// one of Wardgate's own, by the digest that is stated to it. Of one that streams nothing is
// read; another proxy cannot keep what such a row promises.
func (p *Proxy) readBody(x *exchange) (body []byte, flaw string) {
	row := x.match.Route
	limit := row.Limit
	if limit == 0 {
		limit = p.cfg.BodyLimit
	}
	if row.Body == pdp.BodyStream && x.asked == nil {
		x.streams = x.incoming.ContentLength != 0
		return nil, request.StreamFlaw(x.incoming, row.BytesOfABody())
	}
	if row.Body == pdp.BodyStream && len(x.asked.Body.Bytes) > 0 {
		return nil, code.BodyUnreadable
	}
	if x.asked == nil || x.asked.Body.State == BodyWhole {
		if x.hold, flaw = p.bodies.hold(x, limit); flaw != "" {
			return nil, flaw
		}
		return request.ReadBody(x.writer, x.incoming, row.Body, limit)
	}
	to, reached := x.applications.Upstreams[x.application()]
	return nil, x.asked.hidden(row.Body, reached && !to.External)
}

// tables are what one revision of the rule book says to the enforcement point.
type tables struct {
	routes  *route.Table
	reasons pdp.Reasons // and those of the enforcement point's own codes
	quotas  map[string]int

	underWay pdp.UnderWay
}

// active returns the tables of the active revision, as they are at the hosts of a.
func (p *Proxy) active(a *applications) (*tables, error) {
	now := p.cfg.Tables.Tables()
	if t := a.tables.Load(); t != nil && t.routes.Revision() == now.Revision {
		return t, nil
	}
	compiled, err := route.New(now, a.hosted()...)
	if err != nil {
		return nil, err
	}
	t := &tables{routes: compiled, reasons: now.Reasons.With(p.own), quotas: now.Quotas, underWay: now.UnderWay}
	a.tables.Store(t)
	return t, nil
}
