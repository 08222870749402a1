package pep

import (
	"context"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/upstream"
)

// admit turns away a caller without a session, or whose session has ended, who has
// used up the share. Nothing else has been done for such a request, and it has no
// record of its own: it is counted.
//
// What has proved itself once has a share beside that of its address, so that no
// other caller there can use it up, and another person who has got hold of an old token
// cannot use up its owner's.
func (p *Proxy) admit(_ context.Context, x *exchange) *refusal {
	if x.live() {
		return nil
	}
	var wait time.Duration
	for _, share := range p.shares(x) {
		x.caller = anonymous.Caller{Address: x.address, Known: share}
		later, ok := p.cfg.Anonymous.Admit(x.caller, x.now)
		if ok {
			return nil
		}
		if wait == 0 || later < wait {
			wait = later
		}
	}
	return p.throttle(code.TooMany, wait)
}

// throttle refuses a caller without a live session for having asked too often.
func (p *Proxy) throttle(code string, retry time.Duration) *refusal {
	r := p.refuse(code)
	r.retry, r.throttled = retry, true
	return r
}

// shares name what has proved itself once: the handle in a genuine cookie, the session
// of a genuine token that has expired, or that was ended, and the device of a genuine key. The last is "", that
// of the address.
func (p *Proxy) shares(x *exchange) []string {
	var all []string
	session := x.credential.Session
	if x.credential.State == pdp.CredentialExpired {
		session = p.verifier.Session(x.incoming)
	}
	if x.handle != "" {
		all = append(all, "browser "+assertion.Digest([]byte(x.handle)))
	}
	if session != "" {
		all = append(all, "session "+session)
	}
	if p.cfg.KnownDevice != nil {
		if key := upstream.DeviceKey(x.incoming); key != "" {
			if id, ok := p.cfg.KnownDevice(key); ok {
				all = append(all, "device "+id)
			}
		}
	}
	return append(all, "")
}
