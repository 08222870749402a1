package pep

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/peer"
	"github.com/wardgate/wardgate/pep/session"
	"github.com/wardgate/wardgate/pep/upstream"
)

// Browsers are what an enforcement point needs for sessions by cookie. The last is optional.
type Browsers struct {
	Continuer pdp.Continuer     // knows the session behind a handle
	Key       session.KeySource // seals handles into cookies

	// Machine names the machine that has shown a client certificate of the authority for
	// workstations on a connection, "" for none that counts. Nil knows none.
	Machine func(shown *tls.ConnectionState, now time.Time) string
}

// browsers are the sessions of browsers at work; nil reads no cookie.
type browsers struct {
	home    session.Origin
	sealer  *session.Sealer
	tokens  *session.Tokens
	machine func(shown *tls.ConnectionState, now time.Time) string
}

func newBrowsers(b *Browsers, at *session.Origins) (*browsers, error) {
	if b == nil {
		return nil, nil
	}
	if at == nil || b.Continuer == nil || b.Key == nil {
		return nil, errors.New("origins, a continuer and a key source of browsers' sessions are required together")
	}
	return &browsers{home: at.Home(), sealer: session.NewSealer(b.Key), tokens: session.NewTokens(b.Continuer), machine: b.Machine}, nil
}

// originOf is the origin that was asked, and whether browsers have sessions there.
func (p *Proxy) originOf(x *exchange) (session.Origin, bool) {
	if origins := x.applications.Origins; origins != nil {
		if at, ok := origins.At(x.incoming.Host); ok {
			return at, true
		}
	}
	return session.OriginOf(x.scheme(), x.incoming.Host), false
}

// scheme is by which the request came here, or to the proxy that asks.
func (x *exchange) scheme() string {
	if x.asked != nil {
		return x.asked.Scheme
	}
	return scheme(x.incoming)
}

// handleForm is what the policy administrator's handles look like: 32 bytes.
var handleForm = regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`)

var errHandle = errors.New("the policy administrator named no handle for this host")

// settle does what an answer says of the browser's cookie, which the policy
// administrator alone may. h is what goes out, after it was scrubbed.
func (p *Proxy) settle(x *exchange, said []string, h http.Header) error {
	switch {
	case len(said) == 0:
		if x.over {
			p.forget(x, h)
		}
		return nil
	case len(said) > 1 || !x.browsed:
		return errHandle
	case said[0] == assertion.BrowserClear:
		p.forget(x, h)
		return nil
	case !handleForm.MatchString(said[0]):
		return errHandle
	}
	sealed, err := p.browsers.sealer.Seal(said[0], x.at)
	if err != nil {
		return fmt.Errorf("%w: %w", errHandle, err)
	}
	if x.handle != "" {
		p.browsers.tokens.Forget(x.handle)
	}
	p.browsers.tokens.Forget(said[0])
	h.Add("Set-Cookie", session.Cookie(x.at, sealed).String())
	if nonce, _ := session.Read(x.incoming.Header, session.NonceName(x.at.Scheme)); nonce != "" {
		h.Add("Set-Cookie", session.NonceCookie(x.at, "").String())
	}
	return nil
}

// forget has the browser forget its cookie.
func (p *Proxy) forget(x *exchange, h http.Header) {
	if !x.browsed {
		return
	}
	if x.handle != "" {
		p.browsers.tokens.Forget(x.handle)
	}
	h.Add("Set-Cookie", session.Cookie(x.at, "").String())
}

// keepCookies leaves out of the policy administrator's own cookies those that the
// enforcement point alone sets.
func keepCookies(h http.Header) {
	lines := h["Set-Cookie"]
	kept := lines[:0:0]
	for _, line := range lines {
		if name, _, _ := strings.Cut(line, "="); !session.Reserved(name) {
			kept = append(kept, line)
		}
	}
	delete(h, "Set-Cookie")
	if len(kept) > 0 {
		h["Set-Cookie"] = kept
	}
}

// handOn gives the policy administrator what a browser holds beside its session: the
// nonce with which a log-in is carried to this host, and what forms are known by.
func (x *exchange) handOn(h http.Header) {
	if !x.browsed {
		return
	}
	form, station := assertion.PlainFormCookie, assertion.PlainStationCookie
	if x.at.Scheme == "https" {
		form, station = assertion.FormCookie, assertion.StationCookie
	}
	for header, name := range map[string]string{
		assertion.NonceHeader:   session.NonceName(x.at.Scheme),
		assertion.FormHeader:    form,
		assertion.StationHeader: station,
	} {
		if value, one := session.Read(x.incoming.Header, name); one && value != "" && len(value) <= maxHandedOn {
			h.Set(header, value)
		}
	}
}

const maxHandedOn = 128 // bytes

// handOnMachine tells the policy administrator which machine has shown its certificate.
// Behind a proxy there is none: the connection is the proxy's, and so would be the machine
// of everybody behind it. No header is read for it.
func (p *Proxy) handOnMachine(x *exchange, h http.Header) {
	if !x.browsed || x.asked != nil || p.browsers.machine == nil || p.cfg.Proxies.Has(peer.Of(x.incoming.RemoteAddr)) {
		return
	}
	if machine := p.browsers.machine(x.incoming.TLS, x.now); machine != "" {
		h.Set(assertion.CertificateHeader, machine)
	}
}

// confine keeps a page of others, where browsers have sessions and it has no host of its
// own, from being of that origin: it may be read before somebody logs in, and go on to
// run afterwards.
func (x *exchange) confine(h http.Header) {
	if x.browsed && x.hosted != x.application() {
		h.Add("Content-Security-Policy", "sandbox")
	}
}

// private keeps an answer to one session out of the memory of all others, and a page
// out of the browser's own, where the next person at it would find it. What the browser
// may keep is of this cookie: after another log-in it is asked for again.
func (x *exchange) private(h http.Header) {
	if x.credential.Presented != pdp.PresentedCookie {
		return
	}
	if upstream.IsPage(h) {
		h.Set("Cache-Control", "no-store")
		return
	}
	directives := []string{"private"}
	for _, line := range h["Cache-Control"] {
		for one := range strings.SplitSeq(line, ",") {
			one = strings.TrimSpace(one)
			name, _, _ := strings.Cut(strings.ToLower(one), "=")
			if one != "" && name != "public" && name != "s-maxage" && name != "private" {
				directives = append(directives, one)
			}
		}
	}
	h.Set("Cache-Control", strings.Join(directives, ", "))
	h.Add("Vary", "Cookie")
}
