package pep

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/anonymous"
)

// The codes of requests that are turned away before anything is asked.
const (
	tooMany     = "too_many_requests"
	tooManyWait = "too_many_waiting"
)

// retryQueue is when to come again after too many waited.
const retryQueue = 2 * time.Second

// admit finds out who asks, and turns away a caller without a session who has
// used up the share. Nothing else has been done for such a request, and it has
// no record of its own: it is counted.
func (p *Proxy) admit(r *http.Request, x *exchange) (ruling, bool) {
	x.subject, x.credential = p.tokens.Authenticate(r, x.now)
	if x.subject != "" {
		return ruling{}, true
	}
	x.caller = anonymous.Caller{Address: x.address, Known: p.known(r, x)}
	wait, ok := p.Anonymous.Admit(x.caller, x.now)
	if ok {
		return ruling{}, true
	}
	return p.turnAway(x, tooMany, wait), false
}

// known names what has proved itself once: the session of a genuine token
// that has expired, or the device of a genuine key. Each has a share of its
// own, so that no stranger at the same address can use it up.
func (p *Proxy) known(r *http.Request, x *exchange) string {
	if x.credential.State == pdp.CredentialExpired {
		if session := p.tokens.Session(r); session != "" {
			return "session " + session
		}
	}
	if p.KnownDevice == nil {
		return ""
	}
	c, err := r.Cookie(deviceCookie)
	if err != nil || c.Value == "" || len(c.Value) > maxDevice {
		return ""
	}
	if id, ok := p.KnownDevice(c.Value); ok {
		return "device " + id
	}
	return ""
}

// queue waits, before a decision is asked for, until slow work may begin. What
// only another proxy forwards does none here.
func (p *Proxy) queue(ctx context.Context, x *exchange) (ruling, bool) {
	if x.asked || !x.matched || !p.Anonymous.Costly(x.match.Route.Action) {
		return ruling{}, true
	}
	caller := x.caller
	if x.subject != "" {
		caller = anonymous.Caller{Address: x.address, Known: "subject " + x.subject}
	}
	leave, ok := p.Anonymous.Enter(ctx, caller)
	if ok {
		x.leave = leave
		return ruling{}, true
	}
	if x.subject == "" {
		return p.turnAway(x, tooManyWait, retryQueue), false
	}
	refused := p.refuse(ctx, x, http.StatusTooManyRequests, tooManyWait)
	refused.retry = retryQueue
	return refused, false
}

func (p *Proxy) turnAway(x *exchange, code string, wait time.Duration) ruling {
	p.Anonymous.Throttled(x.caller, code, x.now)
	x.id = ""
	return ruling{status: http.StatusTooManyRequests, reasons: []string{code}, retry: wait}
}

// counted reports whether a denial is one of so many of a stranger's that it is
// counted instead of recorded. A denial that had effects is always recorded. A
// counted one has no id, for no record bears it.
func (p *Proxy) counted(x *exchange) bool {
	if x.decision.Allow || x.subject != "" || x.effects.Revoked {
		return false
	}
	if !p.Anonymous.Collect(x.caller, x.decision.Reasons, x.decision.Revision, x.now) {
		return false
	}
	x.id = ""
	return true
}

// done ends what a request held while it was forwarded.
func (x *exchange) done() {
	if x.leave != nil {
		x.leave()
	}
}

// retryAfter is the value of the header: whole seconds, at least one.
func (r ruling) retryAfter() string {
	return strconv.Itoa(max(1, int((r.retry+time.Second-1)/time.Second)))
}
