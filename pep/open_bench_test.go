package pep_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"testing"
	"time"

	"github.com/wardgate/wardgate/internal/assertion"
	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/framing"
	"github.com/wardgate/wardgate/pep/token"
	"github.com/wardgate/wardgate/pep/upstream/http1"
)

// benchSockets are open at once.
const benchSockets = 2000

// BenchmarkOpenWebSockets is the memory of a WebSocket that has carried a message and waits: of
// the enforcement point, and as a ratio of a bare httputil.ReverseProxy. Both are less the
// two ends, which are in this process too.
func BenchmarkOpenWebSockets(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	go (&socketWorld{head: switching}).serve(l)
	at := &url.URL{Scheme: "http", Host: l.Addr().String()}
	tokens := newTokenIssuer(b)
	bare := httptest.NewServer(httputil.NewSingleHostReverseProxy(at))
	defer bare.Close()
	for b.Loop() {
		alone := memoryOfSockets(b, l.Addr().String(), "")
		proxied := memoryOfSockets(b, bare.Listener.Addr().String(), "") - alone
		own := memoryOfSockets(b, servePEP(b, tokens, at), "Authorization: Bearer "+tokens.good()) - alone
		b.ReportMetric(own, "B/socket")
		b.ReportMetric(own/proxied, "of-ReverseProxy")
	}
}

// servePEP serves an enforcement point, and returns its address.
func servePEP(b *testing.B, tokens *tokenIssuer, at *url.URL) string {
	b.Helper()
	key, err := assertion.NewKey(bytes.Repeat([]byte("k"), 32))
	if err != nil {
		b.Fatal(err)
	}
	transport, err := http1.New(at, http1.Config{Connections: 2 * benchSockets, FirstByte: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = transport.Close() })
	p, err := pep.New(pep.Config{
		Decider: deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Revision: r.Context.Route, Allow: true, Grounds: byRole()}, nil
		}),
		Tables: fixedTables(testTables()), Journal: nowhere{}, Keys: tokens,
		Revoker: revokerFunc(func(context.Context, string, string) error { return nil }),
		Tokens:  token.Policy{Issuer: testIssuer, Audience: testAudience}, Assertion: key, DecisionTime: time.Minute,
		Applications: pep.Applications{Upstreams: map[string]pep.Upstream{"records": {URL: at, Transport: transport, External: true, WebSocket: true}}},
		Log:          slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	framing.Serve(s, nil)
	followed := framing.Listen(l, nil, time.Minute, slog.New(slog.DiscardHandler))
	go func() { _ = s.Serve(followed) }()
	b.Cleanup(func() { _ = s.Close() })
	return l.Addr().String()
}

// memoryOfSockets opens many, and returns how many bytes each takes, at both ends and in
// between.
func memoryOfSockets(b *testing.B, address, line string) float64 {
	b.Helper()
	before := inUse()
	var all []net.Conn
	for range benchSockets {
		c, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, c)
		lines := handshake()
		if line != "" {
			lines = append(lines, line)
		}
		if _, err := io.WriteString(c, browse("GET", "pep.test", "/info", lines...)); err != nil {
			b.Fatal(err)
		}
		in := bufio.NewReaderSize(c, 512)
		if res, err := http.ReadResponse(in, nil); err != nil || res.StatusCode != http.StatusSwitchingProtocols {
			b.Fatalf("got %v, %v", res, err)
		}
		if !echoes(c, in, "hello") {
			b.Fatal("it carries nothing")
		}
	}
	each := (inUse() - before) / benchSockets
	for _, c := range all {
		_ = c.Close()
	}
	time.Sleep(time.Second) // until the other ends have gone
	return each
}

func inUse() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse + m.StackInuse)
}
