package process

import (
	"context"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/config"
	"github.com/wardgate/wardgate/internal/mtls"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pdp/admin/handler"
	"github.com/wardgate/wardgate/pdp/api"
	"github.com/wardgate/wardgate/pip/signals"
)

// serveElsewhere serves the parts in this process that an enforcement point in
// another one reaches: over mutual TLS, and for it alone.
func (a *Process) serveElsewhere(handlers map[string]http.Handler) ([]*server, error) {
	var servers []*server
	serve := func(name string, l net.Listener, h http.Handler) error {
		part, err := a.identity(name)
		if err != nil {
			return err
		}
		accept, err := part.Server(mtls.PEP)
		if err != nil {
			return err
		}
		servers = append(servers, newServer(name+" elsewhere", l, accept, mtls.WhileValid(h, nil), a.log))
		return nil
	}
	if a.reached.internal != nil {
		inside, err := a.internal()
		if err != nil {
			return nil, err
		}
		if err := serve(mtls.PDP, a.reached.internal, decisionsAnd(inside, handlers)); err != nil {
			return nil, err
		}
		servers[len(servers)-1].beforeDrain(inside.Stop)
	}
	for name, l := range map[string]net.Listener{config.RoleRecords: a.reached.records, config.RoleInference: a.reached.inference} {
		if l == nil {
			continue
		}
		if err := serve(name, l, handlers[name]); err != nil {
			return nil, err
		}
	}
	return servers, nil
}

// internal answers the enforcement points of this house elsewhere.
func (a *Process) internal() (*api.Internal, error) {
	return api.NewInternal(api.InternalConfig{
		Decider:     counting{a.metrics.decider(a.engine), a.behaviour, func() pdp.Reasons { return a.engine.Tables().Reasons }},
		Tables:      a.engine,
		Revoker:     a.admin,
		Keys:        a.stores.tokenKeys,
		Revocations: a.admin,
		Counter:     countingHere{a.counts},
		Caller:      func(r *http.Request) bool { return mtls.Calls(mtls.PEP, r.TLS) },
		Log:         a.log.With("part", "pdp"),
	})
}

// decisionsAnd tells what an enforcement point asks for itself from what it
// forwards. Only what it forwards carries an assertion, which the applications
// verify.
func decisionsAnd(inside http.Handler, handlers map[string]http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch demo := handlers[demoApplication]; {
		case strings.HasPrefix(r.URL.Path, "/internal/"):
			inside.ServeHTTP(w, r)
		case r.URL.Path == "/api/signals":
			handlers[signalsApplication].ServeHTTP(w, r)
		case demo != nil && strings.HasPrefix(r.URL.Path, "/demo/"):
			demo.ServeHTTP(w, r)
		default:
			handlers[handler.Audience].ServeHTTP(w, r)
		}
	})
}

// counting has behaviour counted of what enforcement points elsewhere were
// told: their journals are elsewhere.
type counting struct {
	next    pdp.Decider
	signals *signals.Source
	reasons func() pdp.Reasons // of the active revision
}

// Decide counts a decision once it was made.
func (c counting) Decide(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
	d, err := c.next.Decide(ctx, r)
	if err != nil {
		return d, err
	}
	t := pdp.Trace{Action: r.Action.Name, Subject: r.Subject.ID, Session: r.Context.Credential.Session, Address: r.Context.Address}
	e := t.Decided(&d, c.reasons(), time.Now())
	seen := e.Observation()
	c.signals.Observe(&seen)
	return d, nil
}
