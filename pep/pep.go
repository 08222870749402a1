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
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/inflight"
	"github.com/wardgate/wardgate/pep/obligation"
	"github.com/wardgate/wardgate/pep/peer"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pip"
)

// BodyLimit is the largest request body, in bytes, that is taken by default.
const BodyLimit = 1 << 20

// AnswersMemory is the memory, in bytes, for answers that are being masked.
const AnswersMemory = 64 << 20

// AnswerTime is how long an answer that is masked may take to arrive.
const AnswerTime = 30 * time.Second

// AnswerLimit is the largest answer, in bytes, that is masked by default. A
// larger one is withheld: it is held in memory whole.
const AnswerLimit = 8 << 20

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

	// AnswerHeaders are those that an external application may send beside the
	// usual ones, in canonical spelling.
	AnswerHeaders []string
}

// A TableSource offers the tables of the active policy.
type TableSource interface{ Tables() *pdp.Tables }

// Config is what an enforcement point is made of. All of it is required but
// the last blocks.
type Config struct {
	Decider   pdp.Decider
	Tables    TableSource
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

	// Obligations are those that can be kept; nil means obligation.All.
	Obligations []obligation.Handler

	Revocations inflight.Notifier      // breaks off exchanges under way; nil breaks none
	Proxies     peer.Proxies           // whose word on a client's address is taken; nil takes none
	Hosts       func(host string) bool // which Host headers are served; nil serves all
	BodyLimit   int64                  // bytes; 0 means BodyLimit
	AnswerLimit int64                  // bytes of an answer that is masked; 0 means AnswerLimit
	Now         func() time.Time       // nil means time.Now

	// DecisionTime bounds the wait for one decision; 0 means DecisionTime.
	DecisionTime time.Duration

	// AnswersMemory is how many bytes all answers take together that are being
	// masked; 0 means AnswersMemory. Further ones wait, and are then refused.
	AnswersMemory int64
	// AnswerTime bounds the reading of an answer that is masked; 0 means AnswerTime.
	AnswerTime time.Duration
}

// A Proxy is an enforcement point. It holds no state but caches.
type Proxy struct {
	cfg         Config // the enforcement point's own copy
	own         pdp.Reasons
	verifier    *token.Verifier
	obligations *obligation.Discharger
	tables      atomic.Pointer[tables]
	forwarder   map[string]*httputil.ReverseProxy
	inflight    inflight.Set
	room        *semaphore.Weighted // for answers that are being changed
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
	need(c.Tables != nil, "a source of tables")
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
	if c.Obligations == nil {
		c.Obligations = obligation.All()
	}
	obligations, err := obligation.New(c.Obligations)
	if err = errors.Join(append(faults, err)...); err != nil {
		return nil, fmt.Errorf("enforcement point: %w", err)
	}
	if c.BodyLimit == 0 {
		c.BodyLimit = BodyLimit
	}
	if c.AnswerLimit == 0 {
		c.AnswerLimit = AnswerLimit
	}
	if c.DecisionTime == 0 {
		c.DecisionTime = DecisionTime
	}
	if c.AnswerTime == 0 {
		c.AnswerTime = AnswerTime
	}
	if c.AnswersMemory == 0 {
		c.AnswersMemory = AnswersMemory
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Upstreams, c.Identities, c.Proxied = maps.Clone(c.Upstreams), maps.Clone(c.Identities), slices.Clone(c.Proxied)
	p := &Proxy{
		cfg:         c,
		room:        semaphore.NewWeighted(c.AnswersMemory),
		own:         code.Reasons(),
		verifier:    token.New(c.Keys, c.Tokens, c.Possession),
		obligations: obligations,
		forwarder:   map[string]*httputil.ReverseProxy{},
	}
	if c.Revocations != nil {
		c.Revocations.OnRevoke(p.inflight.Cancel)
	}
	for name, application := range c.Upstreams {
		p.forwarder[name] = p.newForwarder(name, application)
	}
	return p, nil
}

// identityFaults are those of all identities together.
func (c *Config) identityFaults() []error {
	var faults []error
	for name, i := range c.Identities {
		if err := i.Check(); err != nil {
			faults = append(faults, fmt.Errorf("identity for application %q: %w", name, err))
		}
		if !c.Upstreams[name].External && !slices.Contains(c.Proxied, name) {
			faults = append(faults, fmt.Errorf("identity for application %q: it is not external", name))
		}
	}
	if len(c.Identities) > 0 && (c.Statements == nil || c.Issuer == "") {
		faults = append(faults, errors.New("a signer and an issuer of statements are required"))
	}
	return faults
}
