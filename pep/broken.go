package pep

import (
	"context"
	"net/http"

	"github.com/wardgate/wardgate/pep/inflight"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pip"
)

// forward sends an allowed request to its application, and breaks off when the
// session or the subject is revoked.
func (p *Proxy) forward(w http.ResponseWriter, r *http.Request, x *exchange) {
	ctx := context.WithValue(r.Context(), exchangeKey{}, x)
	if x.inflight != nil {
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(ctx)
		defer cancel(nil)
		if !x.inflight.Forward(cancel, w) {
			p.failed(w, r.WithContext(ctx), inflight.ErrRevoked)
			return
		}
		defer p.breakOff(x)
	}
	p.forwarder[x.application()].ServeHTTP(upstream.Final{W: w}, r.WithContext(ctx))
}

// breakOff keeps evidence of an answer that was cut short, and breaks the
// client's connection: it must not take what it got for the whole.
func (p *Proxy) breakOff(x *exchange) {
	why, answering := x.inflight.Revoked()
	if why == "" || !answering {
		return
	}
	if err := p.record(context.Background(), p.revokedEvent(x, why)); err != nil {
		p.Log.Error("broken exchange not journalled", "decision", x.id, "error", err)
	}
	panic(http.ErrAbortHandler)
}

// refuseRevoked answers an exchange that was broken off before the client got
// a status.
func (p *Proxy) refuseRevoked(w http.ResponseWriter, r *http.Request, x *exchange) {
	why, _ := x.inflight.Revoked()
	e := p.revokedEvent(x, why)
	e.Status = statusOf([]string{why})
	if err := p.record(r.Context(), e); err != nil {
		p.Log.Error("broken exchange not journalled", "decision", x.id, "error", err)
	}
	p.answer(w, x, e.Status, why)
}

func (p *Proxy) revokedEvent(x *exchange, why string) pip.Event {
	e := x.event(pip.KindOutcome)
	e.Allow, e.Outcome, e.Detail, e.Reasons, e.Time = true, "unknown", "cut_off", []string{why}, p.Now()
	return e
}
