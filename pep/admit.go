package pep

import (
	"context"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/upstream"
)

// admit turns away a caller without a session who has used up the share.
// Nothing else has been done for such a request, and it has no record of its
// own: it is counted.
func (p *Proxy) admit(_ context.Context, x *exchange) *refusal {
	if x.subject != "" {
		return nil
	}
	x.caller = anonymous.Caller{Address: x.address, Known: p.known(x)}
	wait, ok := p.cfg.Anonymous.Admit(x.caller, x.now)
	if ok {
		return nil
	}
	return p.throttle(code.TooMany, wait)
}

// throttle refuses a caller without a session for having asked too often.
func (p *Proxy) throttle(code string, retry time.Duration) *refusal {
	r := p.refuse(code)
	r.retry, r.throttled = retry, true
	return r
}

// known names what has proved itself once: the session of a genuine token
// that has expired, or the device of a genuine key. Each has a share of its
// own, so that no other caller at the same address can use it up.
func (p *Proxy) known(x *exchange) string {
	if x.credential.State == pdp.CredentialExpired {
		if session := p.verifier.Session(x.incoming); session != "" {
			return "session " + session
		}
	}
	if p.cfg.KnownDevice == nil {
		return ""
	}
	key := upstream.DeviceKey(x.incoming)
	if key == "" {
		return ""
	}
	if id, ok := p.cfg.KnownDevice(key); ok {
		return "device " + id
	}
	return ""
}
