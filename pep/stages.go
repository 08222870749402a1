package pep

import (
	"context"
	"net/http"

	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/framing"
)

// A stage takes an exchange one step further. It returns nil to let it go on,
// or the refusal that ends it.
type stage func(*Proxy, context.Context, *exchange) *refusal

// stages is the way of every request to its ruling, in order: each stage stands
// in the file of its name, and none of them calls another. A request that is
// refused by one is not seen by those after it.
var stages = [...]stage{
	(*Proxy).authenticate, // whose token it is, and whether the session goes on: facts, not refusals
	(*Proxy).admit,        // a caller without a session, or with one that has ended, has a bounded share
	(*Proxy).read,         // host, target and header, in the one way without a second reading
	(*Proxy).route,        // what it means, and the body that such a route takes
	(*Proxy).spend,        // a subject has a bounded share of each application
	(*Proxy).wait,         // slow work begins in turn
	(*Proxy).ask,          // the Decider, about exactly what was read
	(*Proxy).discharge,    // obligations, where the way of this request binds them
}

// rule takes an exchange through all stages and records what became of it.
// Whether Wardgate forwards or another proxy that asked, this is the only way to
// a nil refusal, which lets the request be forwarded.
func (p *Proxy) rule(ctx context.Context, x *exchange) *refusal {
	var refused *refusal
	for _, take := range stages {
		if refused = take(p, ctx, x); refused != nil {
			break
		}
	}
	return p.record(ctx, x, refused)
}

// ServeHTTP takes one request the whole way: through all stages, into the
// journal, and then to its application or back to the client. What panics on
// this way denies.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer p.abort()
	client, one := p.cfg.Proxies.Client(r)
	x, err := p.begin(r, client)
	if err != nil {
		p.cfg.Log.Error("no randomness for a decision id", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer p.end(x)
	switch {
	case framing.Of(r) == framing.Unsound:
		x.flaw = code.FramingAmbiguous
	case !one:
		x.flaw = code.ForwardedAmbiguous
	}
	if framingUnsure(r) {
		w.Header().Set("Connection", "close")
	}
	x.writer = w
	if refused := p.rule(r.Context(), x); refused != nil {
		if refused.breaks(r.ProtoMajor) {
			w.Header().Set("Connection", "close")
		}
		p.answer(w, x, refused)
		return
	}
	if home := p.fromElsewhere(x); home != "" {
		p.leadHome(w, r, x, home)
		return
	}
	p.forward(w, r, x)
}

// Check answers whether a request that another proxy holds may pass. It takes
// the way of a request that Wardgate forwards, up to the forwarding: obligations
// are met and the decision is durable before Check returns. What panics denies.
func (p *Proxy) Check(ctx context.Context, q *Question) (c Check) {
	defer func() {
		if fault := recover(); fault != nil {
			p.logPanic(fault)
			c = p.unavailableCheck()
		}
	}()
	r := q.request(ctx)
	x, err := p.begin(r, p.cfg.Proxies.Own(q.Client))
	if err != nil {
		p.cfg.Log.Error("no randomness for a decision id", "error", err)
		return p.unavailableCheck()
	}
	defer p.end(x)
	x.asked, x.flaw = q, q.Flaw
	if refused := p.rule(ctx, x); refused != nil {
		return p.refusedCheck(x, refused)
	}
	return p.passedCheck(x, q)
}
