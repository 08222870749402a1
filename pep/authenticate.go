package pep

import (
	"context"
	"errors"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/session"
)

// authenticate finds out whose token came with the request, or whose session is
// behind its cookie, and whether that session has ended. It refuses nothing: what is
// wrong with a credential is a fact that the policy judges, and what has two readings
// is for the next stages to refuse.
func (p *Proxy) authenticate(ctx context.Context, x *exchange) *refusal {
	x.at, x.browsed = p.originOf(x)
	if x.browsed {
		x.hosted = x.applications.Origins.Application(x.at)
	}
	cookie, one := "", true
	if x.browsed {
		cookie, one = session.Read(x.incoming.Header, session.Name(x.at.Scheme))
	}
	switch both := cookie != "" && len(x.incoming.Header["Authorization"]) > 0; {
	case !one || both:
		x.credential = pdp.Credential{State: pdp.CredentialInvalid}
		x.unread = code.CredentialAmbiguous
	case cookie != "":
		p.fromCookie(ctx, x, cookie)
	default:
		x.subject, x.credential = p.verifier.Authenticate(x.incoming, x.now)
	}
	if x.credential.Presented == pdp.PresentedCookie {
		x.credential.Site = session.Site(x.at, x.incoming.Header)
	}
	p.whetherEnded(x)
	return nil
}

// whetherEnded looks up what this enforcement point knows of the session's end.
func (p *Proxy) whetherEnded(x *exchange) {
	if x.subject == "" || p.cfg.Ended == nil {
		return
	}
	switch ended, banned := p.cfg.Ended.Ended(x.credential.Session, x.subject, x.now); {
	case banned:
		x.ended = code.SubjectBanned
	case ended:
		x.ended = code.SessionRevoked
		x.over = x.handle != ""
	}
}

// fromCookie finds out whose session is behind a cookie. One that does not open here
// is forged, or from another host; one whose session is over is as a token that has
// expired. Both are of no more use. While it is not known, the cookie stays.
func (p *Proxy) fromCookie(ctx context.Context, x *exchange, cookie string) {
	x.credential = pdp.Credential{State: pdp.CredentialInvalid, Presented: pdp.PresentedCookie}
	handle, err := p.browsers.sealer.Open(cookie, x.at)
	switch {
	case errors.Is(err, session.ErrForged):
		x.over = true
		return
	case err != nil:
		p.unknownSession(x, err)
		return
	}
	x.handle = handle
	token, err := p.browsers.tokens.Token(ctx, pdp.Continuation{
		Handle: handle, Host: x.at.Host, Address: x.address, UserAgent: x.incoming.UserAgent(), Decision: x.id,
	}, x.now)
	switch {
	case errors.Is(err, pdp.ErrSessionOver):
		x.over = true
		x.credential.State = pdp.CredentialExpired
	case err != nil:
		p.unknownSession(x, err)
	default:
		x.subject, x.credential = p.verifier.Token(token, x.now)
	}
}

// unknownSession has the request refused for now. Why is told in the log once the caller
// is admitted: any cookie of a stranger's comes here while the key is not known.
func (p *Proxy) unknownSession(x *exchange, err error) {
	x.unread, x.unknown = code.SessionUnknown, err
}
