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
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/internal/look"
	"github.com/wardgate/wardgate/internal/refusals"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/anonymous"
	"github.com/wardgate/wardgate/pep/code"
	"github.com/wardgate/wardgate/pep/inflight"
	"github.com/wardgate/wardgate/pep/jar"
	"github.com/wardgate/wardgate/pep/obligation"
	"github.com/wardgate/wardgate/pep/peer"
	"github.com/wardgate/wardgate/pep/quota"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pep/upstream"
	"github.com/wardgate/wardgate/pip"
)

// BodyLimit is the largest request body, in bytes, that is taken by default.
const BodyLimit = pdp.BodyLimit

// BodiesMemory is the memory, in bytes, for request bodies that are larger than BodyLimit.
const BodiesMemory = 8 * pdp.MostOfABody

// Idle is how long a body that streams may make no progress.
const Idle = 10 * time.Minute

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

	// Idle bounds how long a body that streams may make no progress; 0 means Idle.
	Idle time.Duration

	// AnswerHeaders are those that an external application may send beside the
	// usual ones, in canonical spelling.
	AnswerHeaders []string

	// WebSocket says that connections to an external application may be upgraded to it.
	WebSocket bool

	// Headers are the rules for those of an external application.
	Headers upstream.Rules

	// Cookies of an external application that has hosts of its own.
	Cookies jar.Policy
}

// A TableSource offers the tables of the active policy.
type TableSource interface{ Tables() *pdp.Tables }

// An EndedSource says, from memory, whether a session was ended and whether a
// subject is banned.
type EndedSource interface {
	Ended(session, subject string, now time.Time) (ended, banned bool)
}

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
	Log       *slog.Logger

	// Applications are those that it begins with; see Prepare.
	Applications

	// Statements signs, as Issuer, what applications with Identities are told.
	Statements upstream.Signer
	Issuer     string

	// Anonymous bounds callers without a session; nil bounds none.
	Anonymous *anonymous.Limiter
	// Refusals counts what is refused too often to be recorded singly; nil counts
	// none.
	Refusals *refusals.Ledger
	// Ended knows which sessions were ended and which subjects are banned, as far as
	// it is told. Nil knows of none. A policy is asked all the same.
	Ended EndedSource
	// Sessions knows which go on, of exchanges that are under way; nil knows of none after their
	// token has ended.
	Sessions pdp.Sessions
	// KnownDevice names the device whose genuine key a browser presents. Nil
	// knows none.
	KnownDevice func(key string) (id string, ok bool)

	// Possession proves that a client holds the key that its token is bound to;
	// nil refuses such tokens.
	Possession token.Possession

	// Browsers are for sessions by cookie; nil reads no cookie.
	Browsers *Browsers

	// Obligations are those that can be kept; nil means obligation.All.
	Obligations []obligation.Handler

	Revocations inflight.Notifier // breaks off exchanges under way; nil breaks none
	Proxies     peer.Proxies      // whose word on a client's address is taken; nil takes none
	BodyLimit   int64             // bytes; 0 means BodyLimit
	AnswerLimit int64             // bytes of an answer that is masked; 0 means AnswerLimit
	Now         func() time.Time  // nil means time.Now

	// DecisionTime bounds the wait for one decision; 0 means DecisionTime.
	DecisionTime time.Duration

	// AgainTime bounds the wait for whether a session goes on; 0 means AgainTime.
	AgainTime time.Duration

	// AnswersMemory is how many bytes all answers take together that are being
	// masked; 0 means AnswersMemory. Further ones wait, and are then refused.
	AnswersMemory int64
	// BodiesMemory is how many bytes all request bodies take together that are larger than
	// BodyLimit; 0 means BodiesMemory. Further ones are refused.
	BodiesMemory int64
	// AnswerTime bounds the reading of an answer that is masked; 0 means AnswerTime.
	AnswerTime time.Duration
}

// A Proxy is an enforcement point. It holds no state but caches.
type Proxy struct {
	cfg          Config // the enforcement point's own copy, without applications
	own          pdp.Reasons
	verifier     *token.Verifier
	obligations  *obligation.Discharger
	applications atomic.Pointer[applications] // that requests begin under from now on
	inflight     inflight.Set
	quotas       quota.Limiter
	bodies       bodies
	browsers     *browsers // nil for none
	look         *look.Look
	room         *semaphore.Weighted // for answers that are being changed
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
	browsers, err := newBrowsers(c.Browsers, c.Origins)
	faults = append(faults, err)
	pages, err := look.New(nil, words)
	faults = append(faults, err)
	if c.Obligations == nil {
		c.Obligations = obligation.All()
	}
	obligations, err := obligation.New(c.Obligations)
	p := &Proxy{browsers: browsers, look: pages, obligations: obligations}
	first, faulty := p.begins(c)
	if err = errors.Join(append(faults, err, faulty)...); err != nil {
		return nil, fmt.Errorf("enforcement point: %w", err)
	}
	p.applications.Store(first)
	p.room = semaphore.NewWeighted(p.cfg.AnswersMemory)
	p.bodies.small, p.bodies.most = p.cfg.BodyLimit, p.cfg.BodiesMemory
	p.own = code.Reasons()
	p.verifier = token.New(c.Keys, c.Tokens, c.Possession)
	if c.Revocations != nil {
		c.Revocations.OnRevoke(p.inflight.Cancel)
	}
	return p, nil
}

// begins takes the configuration, and compiles the applications of it: they stand in no
// other place.
func (p *Proxy) begins(c Config) (*applications, error) {
	p.cfg = c.withDefaults()
	p.cfg.Applications = Applications{}
	if c.Log == nil { // which is said already
		return nil, nil
	}
	return p.compile(c.Applications)
}

func (c Config) withDefaults() Config {
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
	if c.BodiesMemory == 0 {
		c.BodiesMemory = BodiesMemory
	}
	if c.AgainTime == 0 {
		c.AgainTime = AgainTime
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
