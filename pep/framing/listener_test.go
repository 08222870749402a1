package framing_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/wardgate/wardgate/pep/framing"
)

// certificate is a server's TLS configuration, and one for its clients.
func certificate(t *testing.T) *tls.Config {
	t.Helper()
	made := httptest.NewUnstartedServer(http.NotFoundHandler())
	made.StartTLS()
	defer made.Close()
	c := made.TLS.Clone()
	c.NextProtos = []string{"h2", "http/1.1"}
	return c
}

// serve answers each request with its protocol, whether it came over TLS, and the
// verdict on its frame.
func serve(t *testing.T, config *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			_, _ = fmt.Fprintf(w, "%s %t %d", r.Proto, r.TLS != nil && r.TLS.HandshakeComplete, framing.Of(r))
		}),
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	framing.Serve(s, config)
	done := make(chan error, 1)
	go func() { done <- s.Serve(framing.Listen(l, config, 5*time.Second, log)) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	return l.Addr().String()
}

func TestBothProtocolsAreServedAndFollowed(t *testing.T) {
	config := certificate(t)
	secure, plain := serve(t, config), serve(t, nil)
	for _, tt := range []struct {
		name, url string
		h2        bool
		want      string
	}{
		{"plain", "http://" + plain, false, "HTTP/1.1 false 2"},
		{"TLS", "https://" + secure, false, "HTTP/1.1 true 2"},
		{"HTTP/2", "https://" + secure, true, "HTTP/2.0 true 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			transport := &http.Transport{ForceAttemptHTTP2: tt.h2, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
			defer transport.CloseIdleConnections()
			for range 3 { // on one connection
				res, err := (&http.Client{Transport: transport}).Post(tt.url, "text/plain", strings.NewReader("body"))
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				if err != nil || string(got) != tt.want {
					t.Errorf("got %q, %v; want %q", got, err, tt.want)
				}
			}
		})
	}
	if res, err := http.Get("http://" + secure); err != nil || res.StatusCode != http.StatusBadRequest {
		t.Errorf("plain HTTP where TLS is spoken: got %v, %v", res, err)
	}
}

// dial shakes hands, for HTTP/2 or for what protocol says.
func dial(t *testing.T, address, protocol string) net.Conn {
	t.Helper()
	var conn net.Conn
	var err error
	if protocol == "" {
		conn, err = net.Dial("tcp", address)
	} else {
		conn, err = tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{protocol}})
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	return conn
}

// TestEachConnectionSpeaksWhatItNegotiated sends one protocol where the other was
// agreed upon: neither is served.
func TestEachConnectionSpeaksWhatItNegotiated(t *testing.T) {
	secure, plain := serve(t, certificate(t)), serve(t, nil)
	const get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for _, tt := range []struct{ name, address, protocol, raw, want string }{
		{"HTTP/1 under h2", secure, "h2", get, ""},
		{"HTTP/2 under http/1.1", secure, "http/1.1", http2.ClientPreface + get, "0"},
		{"HTTP/2 in the clear", plain, "", http2.ClientPreface + get, "0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn := dial(t, tt.address, tt.protocol)
			_, _ = io.WriteString(conn, tt.raw)
			res, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				return
			}
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode == http.StatusOK && !strings.HasSuffix(string(body), " "+tt.want) {
				t.Errorf("served: %s", body)
			}
		})
	}
}

// TestFloodsOfFramesThatAskNothingEnd sends more and more of a kind until the
// connection ends, which net/http alone would keep.
func TestFloodsOfFramesThatAskNothingEnd(t *testing.T) {
	const enough = 20_000
	address := serve(t, certificate(t))
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, f := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "x"}, {":path", "/"}} {
		_ = encoder.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
	}
	for _, tt := range []struct {
		name  string
		begin func(*http2.Framer) error
		one   func(*http2.Framer) error
	}{
		{"empty CONTINUATION", func(f *http2.Framer) error {
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: true})
		}, func(f *http2.Framer) error { return f.WriteContinuation(1, false, nil) }},
		{"SETTINGS", nil, func(f *http2.Framer) error { return f.WriteSettings() }},
		{"PING", nil, func(f *http2.Framer) error { return f.WritePing(false, [8]byte{}) }},
		{"PRIORITY", nil, func(f *http2.Framer) error { return f.WritePriority(3, http2.PriorityParam{}) }},
		{"unknown frames", nil, func(f *http2.Framer) error { return f.WriteRawFrame(0xbe, 0, 0, nil) }},
		{"empty DATA", func(f *http2.Framer) error {
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true})
		}, func(f *http2.Framer) error { return f.WriteData(1, false, nil) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn := dial(t, address, "h2")
			_ = conn.SetDeadline(time.Time{}) // it is for the server to end it
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = io.Copy(io.Discard, conn) // reads what is acknowledged, so that nothing is held up
			}()
			_, _ = io.WriteString(conn, http2.ClientPreface)
			f := http2.NewFramer(conn, nil)
			f.AllowIllegalWrites = true
			err := f.WriteSettings()
			if tt.begin != nil {
				err = errors.Join(err, tt.begin(f))
			}
			if err != nil {
				t.Fatal(err)
			}
			for range enough {
				if err = tt.one(f); err != nil {
					break
				}
			}
			select {
			case <-ended:
			case <-time.After(time.Minute):
				t.Error("the connection is still served")
			}
		})
	}
}

// TestRequestsGivenUpAreNoFlood: each has paid for itself.
func TestRequestsGivenUpAreNoFlood(t *testing.T) {
	conn := dial(t, serve(t, certificate(t)), "h2")
	_, _ = io.WriteString(conn, http2.ClientPreface)
	f := http2.NewFramer(conn, conn)
	_ = f.WriteSettings()
	go func() {
		for id := uint32(1); id < 4001; id += 2 {
			var block bytes.Buffer
			encoder := hpack.NewEncoder(&block)
			for _, field := range [][2]string{{":method", "GET"}, {":scheme", "https"}, {":authority", "x"}, {":path", "/"}} {
				_ = encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]})
			}
			_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: true})
			_ = f.WriteRSTStream(id, http2.ErrCodeCancel)
			time.Sleep(time.Microsecond * 200)
		}
		_ = f.WritePing(false, [8]byte{1})
	}()
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			t.Fatalf("the connection ended: %v", err)
		}
		if ping, ok := frame.(*http2.PingFrame); ok && ping.IsAck() {
			return
		}
	}
}

// TestASlowHandshakeKeepsNobodyWaiting opens connections that say nothing.
func TestASlowHandshakeKeepsNobodyWaiting(t *testing.T) {
	address := serve(t, certificate(t))
	for range 50 {
		dial(t, address, "")
	}
	conn := dial(t, address, "http/1.1")
	_, _ = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil {
		t.Error(err)
	}
}
