// Package http1 sends requests to one upstream over HTTP/1.1 (RFC 9112), on
// connections whose every byte is accounted for.
//
// It exists because of what http.Transport does for its callers: it gives a
// late answer on a pooled connection to the next request, sends a request again
// when a reused connection breaks, and reads response heads of many megabytes.
// Here
//
//   - a connection serves one session, and a request without a session has a
//     connection of its own, so that an upstream which answers too often or too
//     late can reach only the one who asked it;
//   - a connection with bytes that no request asked for is closed and reported,
//     and never used again;
//   - one call sends at most one request;
//   - heads are bounded, and each wait for the upstream has a deadline.
//
// Informational responses (1xx) are not passed on: they would leave before the
// outcome of the request is recorded. HTTP/2 is not spoken here.
package http1

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// The defaults of a Config.
const (
	DefaultConnections = 256
	DefaultHeadLimit   = 64 << 10
	DefaultDial        = 5 * time.Second
	DefaultFirstByte   = 60 * time.Second
	DefaultProgress    = 60 * time.Second
	DefaultIdle        = 60 * time.Second
)

var (
	// ErrBusy says that every connection which the upstream, or the caller, may have is in use.
	ErrBusy = errors.New("all connections to the upstream that the caller may have are in use")
	// ErrUnreached says that no connection to the upstream could be opened: nothing was
	// sent to it.
	ErrUnreached = errors.New("the upstream takes no connection")
	// ErrBody says that what was to be sent broke off: its cause is that of the request's
	// body. The upstream never sees the end of such a request.
	ErrBody = errors.New("the body of the request broke off")
	// ErrHead says that the head of a response is longer than the limit, that it
	// leaves HTTP unasked, or that too many informational responses come before it.
	ErrHead = errors.New("the head of the upstream's response is not acceptable")
	// ErrOtherUpstream says that a request names another upstream than the Transport's.
	ErrOtherUpstream = errors.New("the request is for another upstream")
)

// A Config bounds a Transport. Its zero value works.
type Config struct {
	// TLS makes connections over TLS. It is cloned, and speaks HTTP/1.1 alone.
	// It, or DialTLS, is required for an upstream whose scheme is https, and
	// refused for http.
	TLS *tls.Config
	// Dial opens connections; nil dials TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// DialTLS opens connections whose handshake is done, instead of Dial and TLS.
	// One that has a method Usable() bool takes no request when it answers false.
	DialTLS func(ctx context.Context, network, address string) (net.Conn, error)

	// Shared upstreams answer what they are asked: all requests share connections,
	// whatever their session. It is for Wardgate's own services alone.
	Shared bool

	Connections int           // at once, idle ones included; 0 means DefaultConnections
	HeadLimit   int           // bytes of a response's head, and of its trailers; 0 means DefaultHeadLimit
	DialTimeout time.Duration // for connecting and the TLS handshake; 0 means DefaultDial
	FirstByte   time.Duration // until the whole of a response's head has come; each informational response begins anew; 0 means DefaultFirstByte
	Progress    time.Duration // between two bytes in either direction; 0 means DefaultProgress
	Idle        time.Duration // a connection waits for its session's next request; 0 means DefaultIdle

	// Unasked is told of a connection on which the upstream sent bytes that no
	// request had asked for; nil tells nothing.
	Unasked func(upstream string)
}

func (c Config) withDefaults() Config {
	if c.Connections == 0 {
		c.Connections = DefaultConnections
	}
	if c.HeadLimit == 0 {
		c.HeadLimit = DefaultHeadLimit
	}
	for _, d := range []struct {
		of       *time.Duration
		byItself time.Duration
	}{
		{&c.DialTimeout, DefaultDial}, {&c.FirstByte, DefaultFirstByte},
		{&c.Progress, DefaultProgress}, {&c.Idle, DefaultIdle},
	} {
		if *d.of == 0 {
			*d.of = d.byItself
		}
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{}).DialContext
	}
	return c
}

var _ http.RoundTripper = (*Transport)(nil)

// A Transport reaches one upstream. Its methods may be called in parallel.
type Transport struct {
	upstream string // scheme://host, for errors and reports
	host     string // with a port
	scheme   string
	config   Config

	mu     sync.Mutex
	closed bool
	open   int                // connections, idle ones included
	idle   map[string][]*conn // by session, the one used last at the end
	held   map[string]int     // connections that are in use, by caller
	inUse  int                // sum of held
}

// New returns a Transport to the upstream at scheme and host of u.
func New(u *url.URL, c Config) (*Transport, error) {
	c = c.withDefaults()
	t := &Transport{scheme: u.Scheme, host: u.Host, upstream: u.Scheme + "://" + u.Host, config: c, idle: map[string][]*conn{}, held: map[string]int{}}
	var port string
	switch {
	case u.Scheme == "http" && c.TLS == nil && c.DialTLS == nil:
		port = "80"
	case u.Scheme == "https" && c.DialTLS != nil && c.TLS == nil:
		port = "443"
	case u.Scheme == "https" && c.TLS != nil && c.DialTLS == nil:
		port = "443"
		t.config.TLS = c.TLS.Clone()
		t.config.TLS.NextProtos = []string{"http/1.1"}
		if t.config.TLS.ServerName == "" {
			t.config.TLS.ServerName = u.Hostname()
		}
	default:
		return nil, fmt.Errorf("upstream %s: expected http without TLS, or https with one way to it", t.upstream)
	}
	if u.Hostname() == "" {
		return nil, fmt.Errorf("upstream %s: expected a host", t.upstream)
	}
	if u.Port() == "" {
		t.host = net.JoinHostPort(u.Hostname(), port)
	}
	return t, nil
}

type sessionKey struct{}

// ForSession returns a context whose requests share connections with those of
// the same session, and with no others. Without it, or with an empty session, a
// connection is used for one request.
func ForSession(ctx context.Context, session string) context.Context {
	return context.WithValue(ctx, sessionKey{}, session)
}

type callerKey struct{}

// ForCaller returns a context whose requests are of one caller. What it asks may take long, and
// others ask too: it has in use at once at most half of those connections that the others
// leave, so that the next finds as many again as each took. All callers without an
// account are one, "". Without it no such bound applies.
func ForCaller(ctx context.Context, caller string) context.Context {
	return context.WithValue(ctx, callerKey{}, caller)
}

// CallerOf is whose requests those of a context are, where it says so.
func CallerOf(ctx context.Context) (caller string, said bool) {
	caller, said = ctx.Value(callerKey{}).(string)
	return caller, said
}

// shared is the session of all requests to a shared upstream.
const shared = "*"

func (t *Transport) sessionOf(ctx context.Context) string {
	if t.config.Shared {
		return shared
	}
	session, _ := ctx.Value(sessionKey{}).(string)
	return session
}

// RoundTrip sends one request once. A request whose connection broke before an
// answer is an error, whatever its method: the caller decided one request.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme+"://"+r.URL.Host != t.upstream {
		closeBody(r)
		return nil, ErrOtherUpstream
	}
	c, err := t.take(r.Context(), t.sessionOf(r.Context()))
	if err != nil {
		closeBody(r)
		return nil, err
	}
	answer, err := c.exchange(r)
	if err == nil {
		return answer, nil
	}
	c.discard()
	if again := t.untaken(c, r); again != nil {
		return t.RoundTrip(again)
	}
	if cause := context.Cause(r.Context()); cause != nil {
		err = cause
	}
	return nil, fmt.Errorf("%s: %w", t.upstream, err)
}

// untaken returns the request once more when a reused connection has taken not
// one byte of it, so that it has not been sent; nil otherwise.
func (t *Transport) untaken(c *conn, r *http.Request) *http.Request {
	if !c.reused || c.sent.Load() != 0 || r.Context().Err() != nil {
		return nil
	}
	again := r.Clone(r.Context())
	if r.Body == nil || r.Body == http.NoBody {
		return again
	}
	if r.GetBody == nil {
		return nil
	}
	var err error
	if again.Body, err = r.GetBody(); err != nil {
		return nil
	}
	return again
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close() // what the request brought is not sent
	}
}

// take returns an idle connection of this session, or a new one.
func (t *Transport) take(ctx context.Context, session string) (*conn, error) {
	for {
		c, err := t.claim(ctx, session)
		if err != nil {
			return nil, err
		}
		if c.Conn == nil {
			return t.dial(ctx, c)
		}
		if c.quiet() {
			return c, nil
		}
		c.discard()
	}
}

// claim takes an idle connection, or counts a place for a new one and returns one that is
// not open.
func (t *Transport) claim(ctx context.Context, session string) (*conn, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, http.ErrServerClosed
	}
	caller, said := CallerOf(ctx)
	if said && t.held[caller] >= t.share(caller) {
		return nil, ErrBusy
	}
	if own := t.idle[session]; session != "" && len(own) > 0 {
		c := own[len(own)-1]
		t.forget(c)
		c.reused = true
		c.sent.Store(0)
		t.hold(c, caller, said)
		return c, nil
	}
	if t.open >= t.config.Connections && !t.evict() {
		return nil, ErrBusy
	}
	t.open++
	c := &conn{transport: t, session: session}
	t.hold(c, caller, said)
	return c, nil
}

// share is how many connections a caller may have in use beside the others. It needs t.mu.
func (t *Transport) share(caller string) int {
	others := t.inUse - t.held[caller]
	return max(1, (t.config.Connections-others)/2)
}

// hold counts a connection as its caller's, until letGo. Both need t.mu.
func (t *Transport) hold(c *conn, caller string, said bool) {
	if said {
		t.inUse++
		t.held[caller]++
		c.caller, c.holds = caller, true
	}
}

func (t *Transport) letGo(c *conn) {
	if !c.holds {
		return
	}
	c.holds = false
	t.inUse--
	if t.held[c.caller]--; t.held[c.caller] == 0 {
		delete(t.held, c.caller)
	}
}

// evict closes an idle connection of another session.
func (t *Transport) evict() bool {
	for _, list := range t.idle {
		c := list[0]
		t.forget(c)
		t.open--
		c.close()
		return true
	}
	return false
}

// forget takes c out of the idle ones.
func (t *Transport) forget(c *conn) {
	c.expiry.Stop()
	rest := slices.DeleteFunc(t.idle[c.session], func(other *conn) bool { return other == c })
	if len(rest) == 0 {
		delete(t.idle, c.session)
		return
	}
	t.idle[c.session] = rest
}

func (t *Transport) dial(ctx context.Context, c *conn) (*conn, error) {
	bounded, cancel := context.WithTimeout(ctx, t.config.DialTimeout)
	defer cancel()
	socket, err := t.connect(bounded)
	if err != nil {
		t.release(c)
		return nil, fmt.Errorf("connect to %s: %w: %w", t.upstream, ErrUnreached, err)
	}
	c.Conn = socket
	c.reader = bufio.NewReaderSize(c, bufferSize)
	c.writer = bufio.NewWriterSize(c, bufferSize)
	return c, nil
}

func (t *Transport) connect(ctx context.Context) (net.Conn, error) {
	if t.config.DialTLS != nil {
		return t.config.DialTLS(ctx, "tcp", t.host)
	}
	socket, err := t.config.Dial(ctx, "tcp", t.host)
	if err != nil || t.config.TLS == nil {
		return socket, err
	}
	secure := tls.Client(socket, t.config.TLS)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return secure, nil
}

// release gives back the place of a connection that is not open any more.
func (t *Transport) release(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.open--
	t.letGo(c)
}

// keep has c wait for its session's next request.
func (t *Transport) keep(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.letGo(c)
	if t.closed {
		t.open--
		c.close()
		return
	}
	c.expiry = time.AfterFunc(t.config.Idle, func() { t.expire(c) })
	t.idle[c.session] = append(t.idle[c.session], c)
}

// expire closes c unless a request has taken it. What came meanwhile is reported.
func (t *Transport) expire(c *conn) {
	if t.unlist(c) {
		c.quiet()
		c.discard()
	}
}

// unlist takes c out of the idle ones, and reports whether it was there.
func (t *Transport) unlist(c *conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !slices.Contains(t.idle[c.session], c) {
		return false
	}
	t.forget(c)
	return true
}

// EndSession closes the idle connections of a session that has ended.
func (t *Transport) EndSession(session string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range slices.Clone(t.idle[session]) {
		t.forget(c)
		t.open--
		c.close()
	}
}

// Close closes what is idle. Exchanges under way end by themselves, and their
// connections are closed then.
func (t *Transport) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	for _, list := range t.idle {
		for _, c := range slices.Clone(list) {
			t.forget(c)
			t.open--
			c.close()
		}
	}
	return nil
}

// Open is how many connections there are, idle ones included.
func (t *Transport) Open() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.open
}
