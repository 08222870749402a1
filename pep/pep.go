// Package pep is the policy enforcement point (NIST SP 800-207, section 3): the
// reverse proxy that every request passes. It reads a request one way, finds
// out what it means and who asks, asks the Decider, does what the decision
// obliges it to, keeps the evidence, and only then forwards. It decides
// nothing, and it knows no way past the Decider.
package pep

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pep/inflight"
	"github.com/wardgate/wardgate/pep/obligation"
	"github.com/wardgate/wardgate/pep/request"
	"github.com/wardgate/wardgate/pep/route"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pip"
)

// BodyLimit is the largest request body, in bytes, that is taken by default.
const BodyLimit = 1 << 20

// An Upstream is an application that a request may be forwarded to.
type Upstream struct {
	URL       *url.URL          // scheme and host
	Transport http.RoundTripper // proves to the application that the PEP calls

	// External applications know nothing of Wardgate and get no assertion. A
	// decision that limits rows or withholds fields cannot be kept there, and
	// denies; what an answer must not show is masked here.
	External bool

	// AnswerLimit is the largest answer, in bytes, that is masked; 0 is the
	// enforcement point's own.
	AnswerLimit int64
}

// A RouteSource offers the route table of the active policy.
type RouteSource interface{ Routes() pdp.Routes }

// Config is what an enforcement point is made of. All of it is required but
// the last blocks.
type Config struct {
	Decider   pdp.Decider
	Routes    RouteSource
	Revoker   pdp.Revoker
	Journal   pip.Journal
	Keys      token.Keys
	Tokens    token.Policy
	Assertion *assertion.Key
	Upstreams map[string]Upstream // by name of the application
	Log       *slog.Logger

	// Proxied names applications that only other proxies forward to. They read
	// no assertion: a decision that limits what they may show denies.
	Proxied []string

	// Identities say how external and proxied applications learn who asks; one
	// that is not named learns nothing. Statements signs, as Issuer.
	Identities map[string]*upstream.Identity
	Statements upstream.Signer
	Issuer     string

	// Anonymous bounds callers without a session; nil bounds none.
	Anonymous *anonymous.Limiter
	// KnownDevice names the device whose genuine key a browser presents. Nil
	// knows none.
	KnownDevice func(key string) (id string, ok bool)

	// Possession proves that a client holds the key that its token is bound to;
	// nil refuses such tokens.
	Possession token.Possession

	Revocations inflight.Notifier      // breaks off exchanges under way; nil breaks none
	Hosts       func(host string) bool // which Host headers are served; nil serves all
	BodyLimit   int64                  // bytes; 0 means BodyLimit
	AnswerLimit int64                  // bytes of an answer that is masked; 0 means AnswerLimit
	Now         func() time.Time       // nil means time.Now
}

// A Proxy is an enforcement point. It holds no state but caches.
type Proxy struct {
	Config
	tokens     *token.Verifier
	discharger obligation.Discharger
	table      atomic.Pointer[route.Table]
	forwarder  map[string]*httputil.ReverseProxy
	inflight   inflight.Set
}

// New checks the configuration whole. An enforcement point that lacks a part
// is refused: it could only fail open or deny everything.
func New(c Config) (*Proxy, error) {
	var faults []error
	need := func(ok bool, what string) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s is required", what))
		}
	}
	need(c.Decider != nil, "a decider")
	need(c.Routes != nil, "a route source")
	need(c.Revoker != nil, "a revoker")
	need(c.Journal != nil, "a journal")
	need(c.Keys != nil, "a key source")
	need(c.Tokens.Issuer != "" && c.Tokens.Audience != "", "an issuer and audience of tokens")
	need(c.Assertion != nil, "an assertion key")
	need(c.Log != nil, "a logger")
	for name, a := range c.Upstreams {
		need(name != "" && a.URL != nil && a.Transport != nil, fmt.Sprintf("a name, URL and transport of application %q", name))
	}
	for _, name := range c.Proxied {
		_, own := c.Upstreams[name]
		need(name != "" && !own, fmt.Sprintf("a name of its own for the proxied application %q", name))
	}
	faults = append(faults, c.identityFaults()...)
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("enforcement point: %w", err)
	}
	if c.BodyLimit == 0 {
		c.BodyLimit = BodyLimit
	}
	if c.AnswerLimit == 0 {
		c.AnswerLimit = AnswerLimit
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	p := &Proxy{
		Config:     c,
		tokens:     token.New(c.Keys, c.Tokens, c.Possession),
		discharger: obligation.Discharger{Revoker: c.Revoker},
		forwarder:  map[string]*httputil.ReverseProxy{},
	}
	if c.Revocations != nil {
		c.Revocations.OnRevoke(p.inflight.Cancel)
	}
	for name, application := range c.Upstreams {
		p.forwarder[name] = p.newForwarder(name, application)
	}
	return p, nil
}

// ServeHTTP takes one request the whole way. Whatever panics on it denies.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer p.abort()
	x, err := p.begin(clientAddress(r), r.UserAgent())
	if err != nil {
		p.Log.Error("no randomness for a decision id", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if framingUnsure(r) {
		w.Header().Set("Connection", "close")
	}
	defer func() { p.inflight.End(x.inflight) }()
	ruling := p.judge(r, x, func(kind string) ([]byte, string) {
		return request.ReadBody(w, r, kind, p.BodyLimit)
	})
	defer x.done()
	if !ruling.allow {
		if ruling.broken() && r.ProtoMajor == 1 { // in HTTP/2 it would end the other streams too
			w.Header().Set("Connection", "close")
		}
		if ruling.retry > 0 {
			w.Header().Set("Retry-After", ruling.retryAfter())
		}
		p.answer(w, x, ruling.status, ruling.reasons...)
		return
	}
	p.forward(w, r, x)
}

// framingUnsure reports whether a program in front may have seen the end of
// this request elsewhere: net/http hides that a chunked request also had a
// length (RFC 9112, section 6.3), and that one in HTTP/1.0 was chunked. What
// follows on such a connection is never read.
func framingUnsure(r *http.Request) bool {
	return len(r.TransferEncoding) > 0 || !r.ProtoAtLeast(1, 1)
}

// routes returns the compiled table of the active revision.
func (p *Proxy) routes() (*route.Table, error) {
	routes := p.Routes.Routes()
	if t := p.table.Load(); t != nil && t.Revision() == routes.Revision {
		return t, nil
	}
	t, err := route.New(routes)
	if err != nil {
		return nil, err
	}
	p.table.Store(t)
	return t, nil
}

func clientAddress(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr().Unmap()
}
