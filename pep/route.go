package pep

import (
	"context"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/request"
	"github.com/wardgate/wardgate/pep/route"
)

// route finds out what the request means in the active revision, and reads the
// body that its route takes. That no route matches is for the policy to deny.
func (p *Proxy) route(_ context.Context, x *exchange) *refusal {
	var err error
	if x.tables, err = p.active(); err != nil {
		p.cfg.Log.Error("route table refused", "error", err)
		return p.refuse(routesUnavailable)
	}
	x.match, x.matched = x.tables.routes.Match(x.target.Method, x.target.Path)
	if !x.matched {
		return nil
	}
	body, code := x.readBody(x.match.Route.Body, p.cfg.BodyLimit)
	if code != "" {
		return p.refuse(code)
	}
	x.body, x.bodyDigest = body, assertion.Digest(body)
	return nil
}

// readBody reads the body that a route of this kind takes, or what another proxy
// shows of it.
func (x *exchange) readBody(kind string, limit int64) (body []byte, code string) {
	if x.asked == nil || x.asked.Body.State == BodyWhole {
		return request.ReadBody(x.writer, x.incoming, kind, limit)
	}
	return x.asked.Body.hidden(kind)
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
