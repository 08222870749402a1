// Package api is the decision point over HTTP.
//
// A Service answers enforcement points of others: the OpenID AuthZEN
// Authorization API 1.0 and the part of OPA's data API that stands for the same
// question, over one pdp.Decider. It keeps the evidence that it was asked. It
// never discharges an obligation, and it holds nothing that could: asking has
// no effect on a session, an account or a ban.
//
// An Internal answers this house's own enforcement points, which keep the
// evidence themselves.
package api

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/wardgate/wardgate/internal/refusals"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pip"
)

// DecisionTimeout bounds the wait for one decision by default.
const DecisionTimeout = 50 * time.Millisecond

// Limits of what one request may ask.
const (
	BodyLimit  = 1 << 20 // bytes
	BatchLimit = 1000    // evaluations
)

// minToken is the length below which a bearer token is guessable.
const minToken = 16

// Config is what a Service is made of. All of it is required but the last
// block; of Tokens and ClientCertificates one is enough.
type Config struct {
	Decider            pdp.Decider
	Journal            pip.Journal
	Tokens             map[string]string // bearer tokens of callers, by the names that the rule book knows them by; at least 16 characters each
	ClientCertificates bool              // callers may present a certificate that the listener's TLS verified instead, and are known by its one name
	BaseURL            string            // scheme and host under which callers reach this service
	Log                *slog.Logger

	// Refusals counts what is denied too often to be recorded singly; nil counts none.
	Refusals *refusals.Ledger

	Timeout time.Duration    // of one decision; 0 means DecisionTimeout
	Now     func() time.Time // nil means time.Now
}

// A Service answers enforcement points over HTTP. Its methods may be called in
// parallel.
type Service struct {
	decider pdp.Decider
	journal pip.Journal
	refused *refusals.Ledger
	guard   guard
	base    string
	log     *slog.Logger
	timeout time.Duration
	now     func() time.Time
	router  http.Handler
}

var _ http.Handler = (*Service)(nil)

// New checks the configuration whole. A service that could not tell its
// callers from strangers, or could not keep evidence, is refused.
func New(c Config) (*Service, error) {
	base, err := baseURL(c.BaseURL)
	faults := []error{err}
	need := func(ok bool, what string) {
		if !ok {
			faults = append(faults, errors.New(what))
		}
	}
	need(c.Decider != nil, "a decider is required")
	need(c.Journal != nil, "a journal is required")
	need(c.Log != nil, "a logger is required")
	need(len(c.Tokens) > 0 || c.ClientCertificates, "a bearer token or client certificates are required")
	faults = append(faults, tokenFaults(c.Tokens)...)
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("decision point for others: %w", err)
	}
	s := &Service{
		decider: c.Decider,
		journal: c.Journal,
		refused: c.Refusals,
		guard:   newGuard(c.ClientCertificates, c.Tokens),
		base:    base,
		log:     c.Log,
		timeout: c.Timeout,
		now:     c.Now,
	}
	if s.timeout <= 0 {
		s.timeout = DecisionTimeout
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.router = s.routes()
	return s, nil
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.router.ServeHTTP(w, r) }

// baseURL normalises the address that the discovery document names. A path
// would move the well-known document to a place where it is not served.
func baseURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("the base URL must be an http or https address without a path")
	}
	return u.Scheme + "://" + u.Host, nil
}

// tokenFaults refuses tokens that are guessable, and one that two callers share:
// the service could not tell which of them asks.
func tokenFaults(tokens map[string]string) []error {
	var faults []error
	owner := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(tokens)) {
		token := tokens[name]
		if name == "" || !isToken(token) {
			faults = append(faults, fmt.Errorf("the bearer token of %q must be at least 16 printable characters without blanks", name))
		}
		if other, taken := owner[token]; taken {
			faults = append(faults, fmt.Errorf("%q and %q have the same bearer token", other, name))
		}
		owner[token] = name
	}
	return faults
}

func isToken(s string) bool {
	if len(s) < minToken {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
