package pep

import (
	"context"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/request"
	"github.com/wardgate/wardgate/pep/route"
)

// route finds out what the request means in the active revision, and reads the
// body that its route takes. That no route matches is for the policy to deny.
func (p *Proxy) route(_ context.Context, x *exchange) *refusal {
	var err error
	if x.tables, err = p.active(); err != nil {
		p.cfg.Log.Error("route table refused", "error", err)
		return p.refuse(code.RoutesUnavailable)
	}
	x.match, x.matched = x.tables.routes.Match(x.target.Method, x.target.Path)
	if !x.matched {
		return nil
	}
	body, flaw := p.readBody(x)
	if flaw == "" && len(body) == 0 && x.match.Route.Required {
		flaw = code.BodyMissing
	}
	if flaw != "" {
		return p.refuse(flaw)
	}
	x.body, x.bodyDigest = body, assertion.Digest(body)
	return nil
}

// readBody reads the body that the route of x takes, or what another proxy shows of
// it. One that is not seen is left to whoever refuses any other than was judged: one
// of Wardgate's own services, by the digest that is stated to it.
func (p *Proxy) readBody(x *exchange) (body []byte, flaw string) {
	kind := x.match.Route.Body
	if x.asked == nil || x.asked.Body.State == BodyWhole {
		return request.ReadBody(x.writer, x.incoming, kind, p.cfg.BodyLimit)
	}
	to, reached := p.cfg.Upstreams[x.application()]
	return nil, x.asked.hidden(kind, reached && !to.External)
}

// tables are what one revision of the rule book says to the enforcement point.
type tables struct {
	routes  *route.Table
	reasons pdp.Reasons // and those of the enforcement point's own codes
}

// active returns the tables of the active revision.
func (p *Proxy) active() (*tables, error) {
	now := p.cfg.Tables.Tables()
	if t := p.tables.Load(); t != nil && t.routes.Revision() == now.Revision {
		return t, nil
	}
	compiled, err := route.New(now)
	if err != nil {
		return nil, err
	}
	t := &tables{routes: compiled, reasons: now.Reasons.With(p.own)}
	p.tables.Store(t)
	return t, nil
}
