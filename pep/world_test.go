package pep_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/framing"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pep/upstream/http1"
	"github.com/wardgate/wardgate/pip"
)

const (
	testIssuer   = "https://wardgate.test"
	testAudience = "wardgate"
	testRevision = "revision-1"
)

// A journal remembers events, and stands for a durable one.
type journal struct {
	clock *atomic.Int64
	fail  func(pip.Event) error // nil never fails

	mu     sync.Mutex
	events []entry
}

type entry struct {
	pip.Event
	order int64
}

func (j *journal) Append(_ context.Context, e pip.Event) error {
	if j.fail != nil {
		if err := j.fail(e); err != nil {
			return err
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = append(j.events, entry{Event: e, order: j.clock.Add(1)})
	return nil
}

func (j *journal) of(kind pip.Kind) []entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []entry
	for _, e := range j.events {
		if e.Kind == kind {
			out = append(out, e)
		}
	}
	return out
}

type deciderFunc func(context.Context, pdp.Request) (pdp.Decision, error)

func (f deciderFunc) Decide(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
	return f(ctx, r)
}

type revokerFunc func(context.Context, string, string) error

func (f revokerFunc) Revoke(ctx context.Context, session, reason string) error {
	return f(ctx, session, reason)
}

type tablesFunc func() *pdp.Tables

func (f tablesFunc) Tables() *pdp.Tables { return f() }

func fixedTables(t *pdp.Tables) tablesFunc { return func() *pdp.Tables { return t } }

// byRole are the grounds of what these policies allow.
func byRole() pdp.Grounds {
	return pdp.Grounds{Rules: []pdp.Rule{{Folder: "role", Code: "role"}}, Right: "Patient Health overview", Reach: "own"}
}

// sessionPolicy allows every known route to whoever has a valid credential.
func sessionPolicy(_ context.Context, r pdp.Request) (pdp.Decision, error) {
	d := pdp.Decision{Revision: r.Context.Route}
	switch {
	case r.Action.Name == "":
		d.Reasons = []string{"route_unknown"}
	case r.Context.Credential.State == pdp.CredentialValid:
		d.Allow, d.Grounds = true, byRole()
		d.Obligations = []pdp.Obligation{allRows}
	case r.Context.Credential.State == pdp.CredentialNone:
		d.Reasons = []string{"session_missing"}
	case r.Context.Credential.State == pdp.CredentialExpired:
		d.Reasons = []string{"token_expired"}
	default:
		d.Reasons = []string{"token_invalid"}
	}
	return d, nil
}

var allRows = pdp.Obligation{ID: "row_condition", Type: "filter", Properties: []byte(`{"condition":{"type":"all"}}`)}

func testTables() *pdp.Tables {
	row := func(method, path, action, resource, body string) pdp.Route {
		return pdp.Route{Method: method, Path: path, Application: "records", Action: action, Resource: resource, Body: body}
	}
	lasting := pdp.UnderWay{Every: 10 * time.Second, Grace: time.Minute, MachineGrace: 10 * time.Minute}
	return &pdp.Tables{Revision: testRevision, Reasons: pep.ReasonsOfTests(), UnderWay: lasting, Routes: []pdp.Route{
		row("GET", "/info", "info.read", "info", "none"),
		row("GET", "/admin", "admin.read", "admin", "none"),
		row("GET", "/api/patients", "patient.list", "patient", "none"),
		row("POST", "/api/patients", "patient.add", "patient", "json"),
		row("GET", "/api/patients/{patient}", "patient.read", "patient", "none"),
		row("DELETE", "/api/patients/{patient}", "patient.delete", "patient", "none"),
		row("PUT", "/api/services/{service}", "service.edit", "service", "json"),
		row("POST", "/form", "form.send", "form", "form"),
	}}
}

// A world is an enforcement point on a real socket, with a recording backend
// behind it, and the oracle over both.
type world struct {
	t       testing.TB
	clock   atomic.Int64
	key     *assertion.Key
	tokens  *tokenIssuer
	backend *backend
	journal *journal
	logs    *logBuffer
	config  pep.Config
	proxy   *pep.Proxy
	server  *http.Server
	address string
	serving chan struct{}

	audience map[string]string              // path -> application, where it is not records
	unsigned bool                           // the application is external and gets no assertion
	counts   bool                           // requests come side by side and bear no assertion
	repeats  bool                           // the transport may send one request twice
	seen     atomic.Pointer[pdp.Credential] // of the newest question, when a test watches
}

// newWorld opens a world. change, when given, alters the configuration first.
func newWorld(t testing.TB, change func(*world)) *world {
	t.Helper()
	key, err := assertion.NewKey(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		t.Fatalf("assertion key: %v", err)
	}
	w := &world{t: t, key: key, tokens: newTokenIssuer(t), logs: &logBuffer{}}
	w.backend = newBackend(t, &w.clock)
	w.journal = &journal{clock: &w.clock}
	records := w.upstream(w.backend.listener.Addr().String(), http1.Config{Shared: true})
	w.config = pep.Config{
		Decider:      deciderFunc(sessionPolicy),
		Tables:       fixedTables(testTables()),
		Revoker:      revokerFunc(func(context.Context, string, string) error { return nil }),
		Journal:      w.journal,
		Keys:         w.tokens,
		Tokens:       token.Policy{Issuer: testIssuer, Audience: testAudience},
		Assertion:    key,
		Applications: pep.Applications{Upstreams: map[string]pep.Upstream{"records": records}},
		Log:          slog.New(slog.NewTextHandler(w.logs, nil)),
		DecisionTime: time.Minute, // a test of what comes too late says its own
	}
	if change != nil {
		change(w)
	}
	if w.proxy, err = pep.New(w.config); err != nil {
		t.Fatalf("enforcement point: %v", err)
	}
	w.listen()
	t.Cleanup(w.checkOracle)
	return w
}

// upstream forwards to an address.
func (w *world) upstream(address string, c http1.Config) pep.Upstream {
	w.t.Helper()
	at := &url.URL{Scheme: "http", Host: address}
	transport, err := http1.New(at, c)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = transport.Close() })
	return pep.Upstream{URL: at, Transport: transport}
}

// rebuild makes the enforcement point anew from the changed configuration.
func (w *world) rebuild(t testing.TB) {
	t.Helper()
	w.drain()
	var err error
	if w.proxy, err = pep.New(w.config); err != nil {
		t.Fatalf("enforcement point: %v", err)
	}
	w.listen()
}

// listen serves with the limits of Wardgate's own listeners.
func (w *world) listen() {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatalf("listen: %v", err)
	}
	w.address = l.Addr().String()
	w.server = &http.Server{
		Handler:           w.proxy,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(w.config.Log.Handler(), slog.LevelDebug),
	}
	framing.Serve(w.server, nil)
	l = framing.Listen(l, nil, 5*time.Second, w.config.Log)
	w.serving = make(chan struct{})
	go func() {
		defer close(w.serving)
		if err := w.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			w.t.Errorf("serve: %v", err)
		}
	}()
	w.t.Cleanup(func() { w.drain() })
}

// drain waits for requests in flight and stops listening.
func (w *world) drain() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if w.server.Shutdown(ctx) != nil {
		_ = w.server.Close()
	}
	<-w.serving
}

// answer is one response as a client reads it.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // while reading the body
}

// send writes raw bytes, reads every answer that comes, and hangs up.
// "{token}" in the bytes becomes a good token.
func (w *world) send(raw string) []answer {
	w.t.Helper()
	return w.sendAll(raw, 1)
}

// sendAll is send of what has so many answers: it waits for each of them, and further ones
// for a moment.
func (w *world) sendAll(raw string, n int) []answer {
	w.t.Helper()
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		w.t.Fatalf("dial: %v", err)
	}
	defer func() { _ = conn.Close() }()
	raw = strings.ReplaceAll(raw, "{token}", w.tokens.good())
	go func() { _, _ = io.WriteString(conn, raw) }()
	method, _, _ := strings.Cut(raw, " ")
	in := bufio.NewReader(conn)
	var answers []answer
	for {
		patience := time.Minute
		if len(answers) >= n {
			patience = quiet
		}
		_ = conn.SetReadDeadline(time.Now().Add(patience))
		if _, err := in.Peek(1); err != nil {
			return answers
		}
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		a, ok := readAnswer(in, method)
		if !ok {
			return answers
		}
		answers = append(answers, a)
	}
}

func readAnswer(in *bufio.Reader, method string) (answer, bool) {
	res, err := http.ReadResponse(in, &http.Request{Method: method})
	if err != nil {
		return answer{}, false
	}
	a := answer{status: res.StatusCode, header: res.Header}
	var body []byte
	body, a.err = io.ReadAll(res.Body)
	a.body = string(body)
	for name, values := range res.Trailer {
		a.header["Trailer:"+name] = values
	}
	return a, true
}

// request is a well-formed raw request with a good token and more header lines.
func request(method, target, body string, header ...string) string {
	var b strings.Builder
	b.WriteString(method + " " + target + " HTTP/1.1\r\nHost: pep.test\r\nAuthorization: Bearer {token}\r\n")
	for _, line := range header {
		b.WriteString(line + "\r\n")
	}
	b.WriteString("\r\n" + body)
	return b.String()
}

// A logBuffer keeps what was logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
