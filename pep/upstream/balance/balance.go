// Package balance sends the requests for one application to several servers of it. Each
// goes to the server with the fewest under way. One that does not take a connection is
// left alone for a while, and the request goes to another: it was not sent. A request of
// which a byte may have left goes nowhere else, whatever came of it.
//
// A server that is out gets no request: one that failed too often in a row, by requests of
// several callers, until one request has found it well again, and one that fails its checks,
// until it passes them.
package balance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wardgate/wardgate/pep/upstream/http1"
)

// A Server is one of an application's.
type Server struct {
	Name      string            // by which it is told of
	URL       *url.URL          // scheme and host
	Transport http.RoundTripper // reaches it; it says http1.ErrUnreached and http1.ErrBusy of requests that were not sent
	// Checks reaches it for checks, on connections of its own; required where there are
	// checks.
	Checks http.RoundTripper
}

// The defaults of a Config.
const (
	// DefaultRest is for how long a server is left alone that took no connection, or that
	// failed too often.
	DefaultRest = 5 * time.Second
	// DefaultFailures is how many failures in a row are too many, those of one caller once.
	DefaultFailures = 5
)

// A Config changes how a Balancer works. Its zero value works.
type Config struct {
	Rest     time.Duration    // 0 means DefaultRest
	Failures int              // in a row, those of one caller once, after which a server is out; 0 means DefaultFailures
	Checks   *Checks          // nil asks no server how it is
	Now      func() time.Time // nil means time.Now
	// Turned is told how a server stood and stands each time that this changes; nil tells
	// nothing. Of one server it is told in the order of the changes. why is the newest
	// failure of a request or a check, nil for a server that serves.
	Turned func(server string, was, stands State, why error)
}

// ErrOut says that no server takes requests now: nothing was sent.
var ErrOut = errors.New("no upstream of the application takes requests now")

// An OutError is ErrOut, and when one may take requests again.
type OutError struct{ Retry time.Duration }

func (e *OutError) Error() string { return ErrOut.Error() }

func (e *OutError) Unwrap() error { return ErrOut }

// A Balancer chooses a server for each request. Its methods may be called in parallel.
type Balancer struct {
	config  Config
	refused atomic.Uint64 // requests, because all servers were out

	mu      sync.Mutex
	servers []*server
	last    int // the server that was chosen last: among equals the next is chosen
}

type server struct {
	Server
	underWay int
	rests    time.Time // until then it is left alone
	lost     bool      // it took no connection when it was last asked
	circuit  circuit
	checked  checked

	why     error      // the newest failure
	telling sync.Mutex // what stands is told
	told    State
}

var _ http.RoundTripper = (*Balancer)(nil)

// New returns an error when there is no server, or when one lacks a part.
func New(servers []Server, c Config) (*Balancer, error) {
	if len(servers) == 0 {
		return nil, errors.New("a server is required")
	}
	if c.Rest == 0 {
		c.Rest = DefaultRest
	}
	if c.Failures == 0 {
		c.Failures = DefaultFailures
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Checks != nil {
		whole, err := c.Checks.withDefaults()
		if err != nil {
			return nil, fmt.Errorf("checks: %w", err)
		}
		c.Checks = &whole
	}
	b := &Balancer{config: c, last: -1}
	for _, one := range servers {
		if one.URL == nil || one.Transport == nil || c.Checks != nil && one.Checks == nil {
			return nil, errors.New("an address of each server, and what reaches it, are required")
		}
		b.servers = append(b.servers, &server{Server: one, told: Serving})
	}
	return b, nil
}

// RoundTrip sends r to one server. An answer counts as under way until its body is
// closed. The error is that of the last server that was tried, or an OutError.
func (b *Balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	var tried []*server
	for {
		s, turn, err := b.choose(tried)
		if err != nil {
			closeBody(r)
			return nil, err
		}
		res, err := b.send(r, s, turn, len(tried) > 0)
		if err == nil {
			c := &counted{ReadCloser: res.Body, leave: sync.OnceFunc(func() { b.leave(s) })}
			if both, open := res.Body.(io.Writer); open && res.StatusCode == http.StatusSwitchingProtocols {
				res.Body = &tunnel{c, both}
				return res, nil
			}
			res.Body = c
			return res, nil
		}
		tried = append(tried, s)
		unsent := errors.Is(err, http1.ErrUnreached) || errors.Is(err, http1.ErrBusy)
		if !unsent || r.Context().Err() != nil || !b.another(tried) {
			return nil, err
		}
	}
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // what the request brought is not sent
	}
}

// send sends r to a server, and notes what came of it.
func (b *Balancer) send(r *http.Request, s *server, turn int, again bool) (res *http.Response, err error) {
	came := nothing
	defer func() { // also when the transport panics
		b.heard(r.Context(), s, turn, came, err)
		if err != nil || res == nil {
			b.leave(s)
		}
	}()
	out, err := addressed(r, s, again)
	if err != nil {
		return nil, err
	}
	res, err = s.Transport.RoundTrip(out)
	came = outcomeOf(r.Context(), err)
	return res, err
}

// An outcome is what a request says of its server.
type outcome int

const (
	nothing  outcome = iota // the client went, or it was not sent for a reason of our own
	answered                // the head of an answer came
	failed
)

func outcomeOf(ctx context.Context, err error) outcome {
	switch {
	case err == nil:
		return answered
	case ctx.Err() != nil, errors.Is(err, http1.ErrBusy), errors.Is(err, http1.ErrBody), errors.Is(err, http1.ErrOtherUpstream), errors.Is(err, http.ErrServerClosed):
		return nothing
	default:
		return failed
	}
}

// addressed is the request as it goes to one server.
func addressed(r *http.Request, s *server, again bool) (*http.Request, error) {
	if !again && r.URL.Scheme == s.URL.Scheme && r.URL.Host == s.URL.Host && r.Host == s.URL.Host {
		return r, nil
	}
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.Host = s.URL.Scheme, s.URL.Host, s.URL.Host
	if !again || r.Body == nil || r.Body == http.NoBody {
		return out, nil
	}
	if r.GetBody == nil {
		return nil, errors.New("the body cannot be read once more")
	}
	var err error
	out.Body, err = r.GetBody()
	return out, err
}

// choose counts a request in at the server with the fewest, of those that are not out and
// were not tried yet: those that are left alone come last.
func (b *Balancer) choose(tried []*server) (s *server, turn int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.config.Now()
	best := b.best(tried, now)
	if best < 0 {
		b.refused.Add(1)
		return nil, 0, &OutError{Retry: b.retry(now)}
	}
	b.last = best
	s = b.servers[best]
	s.underWay++
	return s, s.circuit.begin(now.Add(b.config.Rest)), nil
}

// best is the number of the server that gets the next request, -1 for none.
func (b *Balancer) best(tried []*server, now time.Time) int {
	best := -1
	for i := range b.servers {
		at := (b.last + 1 + i) % len(b.servers)
		s := b.servers[at]
		if slices.Contains(tried, s) || s.checked.out || !s.circuit.takes(now) {
			continue
		}
		if best < 0 || s.before(b.servers[best], now) {
			best = at
		}
	}
	return best
}

// another reports whether there is a server for a request that none of tried took.
func (b *Balancer) another(tried []*server) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.best(tried, b.config.Now()) >= 0
}

// before reports whether s is to be chosen rather than other.
func (s *server) before(other *server, now time.Time) bool {
	rests, otherRests := now.Before(s.rests), now.Before(other.rests)
	if rests != otherRests {
		return !rests
	}
	return s.underWay < other.underWay
}

// heard notes what a request says of its server.
func (b *Balancer) heard(ctx context.Context, s *server, turn int, came outcome, err error) {
	b.mu.Lock()
	now := b.config.Now()
	switch {
	case came == answered:
		s.lost, s.rests = false, time.Time{}
	case came == failed && errors.Is(err, http1.ErrUnreached):
		s.lost, s.rests = true, now.Add(b.config.Rest)
	}
	if came == failed {
		s.why = err
	}
	s.circuit.heard(ctx, turn, came, err, b.config.Failures, now, now.Add(b.config.Rest))
	b.mu.Unlock()
	b.tell(s)
}

func (b *Balancer) leave(s *server) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s.underWay--
}

// A tunnel is counted, and open for what is sent too.
type tunnel struct {
	*counted
	io.Writer
}

// A counted body is under way until it is closed.
type counted struct {
	io.ReadCloser
	leave func()
}

func (c *counted) Close() error {
	c.leave()
	return c.ReadCloser.Close()
}
