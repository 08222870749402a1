package http1_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wardgate/wardgate/pep/upstream/http1"
)

// An upstream answers connections by a script of the test's own.
type upstream struct {
	url     *url.URL
	opened  atomic.Int64 // connections
	seen    atomic.Int64 // requests that were read whole
	unasked atomic.Int64 // reports of the transport
}

// serve runs script for each connection; it ends with the connection.
func serve(t *testing.T, script func(u *upstream, c net.Conn)) *upstream {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{url: &url.URL{Scheme: "http", Host: l.Addr().String()}}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			u.opened.Add(1)
			running.Go(func() {
				defer c.Close()
				script(u, c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		running.Wait()
	})
	return u
}

// read reads one request whole; nil when the connection ended.
func (u *upstream) read(b *bufio.Reader) *http.Request {
	r, err := http.ReadRequest(b)
	if err != nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return nil
	}
	u.seen.Add(1)
	return r
}

func (u *upstream) transport(t *testing.T, c http1.Config) *http1.Transport {
	t.Helper()
	c.Unasked = func(string) { u.unasked.Add(1) }
	tr, err := http1.New(u.url, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr
}

// ask sends one request of a session, and returns status and body.
func ask(t *testing.T, tr http.RoundTripper, u *url.URL, session, method, path string) (int, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(http1.ForSession(t.Context(), session), method, u.JoinPath(path).String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := tr.RoundTrip(r)
	if err != nil {
		return 0, "", err
	}
	text, err := io.ReadAll(res.Body)
	return res.StatusCode, string(text), errors.Join(err, res.Body.Close())
}

func answer(text string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
}

// echo answers each request with its path.
func echo(u *upstream, c net.Conn) {
	b := bufio.NewReader(c)
	for r := u.read(b); r != nil; r = u.read(b) {
		io.WriteString(c, answer(r.URL.Path))
	}
}

func TestAConnectionServesOneSession(t *testing.T) {
	u := serve(t, echo)
	tr := u.transport(t, http1.Config{})
	steps := []struct {
		session string
		opened  int64
	}{{"a", 1}, {"a", 1}, {"b", 2}, {"a", 2}, {"b", 2}, {"", 3}, {"", 4}, {"a", 4}}
	for i, s := range steps {
		status, text, err := ask(t, tr, u.url, s.session, "GET", fmt.Sprintf("/%d", i))
		if err != nil || status != 200 || text != fmt.Sprintf("/%d", i) {
			t.Fatalf("step %d: got %d %q %v", i, status, text, err)
		}
		if got := u.opened.Load(); got != s.opened {
			t.Errorf("step %d: got %d connections, want %d", i, got, s.opened)
		}
	}
	tr.EndSession("a")
	if got := tr.Open(); got != 1 {
		t.Errorf("after the session's end: got %d connections open, want b's", got)
	}
}

// What no request asked for reaches no one, whenever it comes.
func TestUnaskedBytesEndTheConnection(t *testing.T) {
	stray := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nstray"
	tests := []struct {
		name   string
		method string
		script string // what follows the first request, at once
		later  string // what follows a moment later
	}{
		{"two answers at once", "GET", answer("/1") + stray, ""},
		{"a late answer", "GET", answer("/1"), stray},
		{"an overlong answer", "GET", answer("/1") + "more", ""},
		{"a body of HEAD", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody", ""},
		{"a body of 204", "GET", "HTTP/1.1 204 No Content\r\n\r\n" + stray, ""},
		{"a body of 304", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nbody", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			late := make(chan struct{})
			sent := make(chan struct{})
			u := serve(t, func(u *upstream, c net.Conn) {
				b := bufio.NewReader(c)
				if r := u.read(b); r == nil || r.URL.Path != "/1" {
					io.WriteString(c, answer("own"))
					return
				}
				io.WriteString(c, tt.script)
				if tt.later != "" {
					<-late
					io.WriteString(c, tt.later)
					delivered(t, c)
					close(sent)
				}
				io.Copy(io.Discard, c)
			})
			tr := u.transport(t, http1.Config{})
			if _, _, err := ask(t, tr, u.url, "a", tt.method, "/1"); err != nil {
				t.Fatal(err)
			}
			if tt.later != "" {
				close(late)
				<-sent
			}
			status, text, err := ask(t, tr, u.url, "a", "GET", "/2")
			if err != nil || status != 200 || text != "own" {
				t.Errorf("got %d %q %v, want the own answer", status, text, err)
			}
			if u.unasked.Load() != 1 {
				t.Errorf("got %d reports, want 1", u.unasked.Load())
			}
		})
	}
}

// One call is one request, also where a reused connection breaks.
func TestNothingIsSentTwice(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "PUT", "POST"} {
		t.Run(method, func(t *testing.T) {
			u := serve(t, func(u *upstream, c net.Conn) {
				b := bufio.NewReader(c)
				if u.read(b) != nil {
					io.WriteString(c, answer(""))
				}
				u.read(b) // and no answer
			})
			tr := u.transport(t, http1.Config{})
			if _, _, err := ask(t, tr, u.url, "a", method, "/1"); err != nil {
				t.Fatal(err)
			}
			if _, _, err := ask(t, tr, u.url, "a", method, "/2"); err == nil {
				t.Error("got an answer, want an error")
			}
			if u.seen.Load() != 2 || u.opened.Load() != 1 {
				t.Errorf("got %d requests on %d connections, want 2 on 1", u.seen.Load(), u.opened.Load())
			}
			if tr.Open() != 0 {
				t.Errorf("got %d connections open, want none", tr.Open())
			}
		})
	}
}

func TestHeadsAreBounded(t *testing.T) {
	line := "X-Filler: " + strings.Repeat("x", 1000) + "\r\n"
	tests := []struct {
		name   string
		answer string
		want   error
	}{
		{"long", "HTTP/1.1 200 OK\r\n" + strings.Repeat(line, 60) + "Content-Length: 2\r\n\r\nok", nil},
		{"too long", "HTTP/1.1 200 OK\r\n" + strings.Repeat(line, 70) + "Content-Length: 2\r\n\r\nok", http1.ErrHead},
		{"endless line", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 1<<20), http1.ErrHead},
		{"interim, then an answer", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 3) + answer("ok"), nil},
		{"endless interim", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100) + answer("ok"), http1.ErrHead},
		{"leaves HTTP unasked", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", http1.ErrHead},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			u := serve(t, func(u *upstream, c net.Conn) {
				if u.read(bufio.NewReader(c)) != nil {
					io.WriteString(c, tt.answer)
				}
				io.Copy(io.Discard, c)
			})
			_, text, err := ask(t, u.transport(t, http1.Config{}), u.url, "a", "GET", "/")
			if !errors.Is(err, tt.want) || tt.want == nil && text != "ok" {
				t.Errorf("got %q, %v, want %v", text, err, tt.want)
			}
		})
	}
}

// The body of a HEAD, however long, is not read.
func TestHeadReadsNoBody(t *testing.T) {
	wrote := make(chan int64, 1)
	u := serve(t, func(u *upstream, c net.Conn) {
		u.read(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		var n int64
		for chunk := "10000\r\n" + strings.Repeat("x", 0x10000) + "\r\n"; ; {
			m, err := io.WriteString(c, chunk)
			if n += int64(m); err != nil {
				wrote <- n
				return
			}
		}
	})
	if status, text, err := ask(t, u.transport(t, http1.Config{}), u.url, "a", "HEAD", "/"); err != nil || status != 200 || text != "" {
		t.Fatalf("got %d %q %v", status, text, err)
	}
	if n := <-wrote; n > 16<<20 { // what the two systems' buffers take
		t.Errorf("the upstream could write %d bytes", n)
	}
}

// serveSlowly answers what asks for /slow when it is released.
func serveSlowly(t *testing.T) (u *upstream, release chan struct{}) {
	t.Helper()
	release = make(chan struct{})
	return serve(t, func(u *upstream, c net.Conn) {
		b := bufio.NewReader(c)
		for r := u.read(b); r != nil; r = u.read(b) {
			if r.URL.Path == "/slow" {
				<-release
			}
			io.WriteString(c, answer("ok"))
		}
	}), release
}

func TestConnectionsAreBounded(t *testing.T) {
	u, release := serveSlowly(t)
	tr := u.transport(t, http1.Config{Connections: 2})
	for _, session := range []string{"a", "b", "c"} { // the third takes an idle one's place
		if _, _, err := ask(t, tr, u.url, session, "GET", "/"); err != nil {
			t.Fatal(err)
		}
	}
	if tr.Open() != 2 {
		t.Errorf("got %d connections, want 2", tr.Open())
	}
	var under sync.WaitGroup
	for _, session := range []string{"d", "e"} {
		under.Go(func() {
			if _, _, err := ask(t, tr, u.url, session, "GET", "/slow"); err != nil {
				t.Error(err)
			}
		})
	}
	for u.seen.Load() < 5 {
		time.Sleep(time.Millisecond)
	}
	if _, _, err := ask(t, tr, u.url, "f", "GET", "/"); !errors.Is(err, http1.ErrBusy) {
		t.Errorf("got %v, want ErrBusy", err)
	}
	close(release)
	under.Wait()
	if _, _, err := ask(t, tr, u.url, "f", "GET", "/"); err != nil {
		t.Errorf("after the load: %v", err)
	}
}

// An upstream that is silent, or goes silent, is left in time.
func TestSilenceHasAnEnd(t *testing.T) {
	tests := []struct{ name, says string }{
		{"at the head", ""},
		{"within the head", "HTTP/1.1 200 OK\r\nContent-"},
		{"within the body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				go func() {
					http.ReadRequest(bufio.NewReader(far))
					io.WriteString(far, tt.says)
				}()
				u := &url.URL{Scheme: "http", Host: "app"}
				tr, err := http1.New(u, http1.Config{Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil }})
				if err != nil {
					t.Fatal(err)
				}
				if _, _, err := ask(t, tr, u, "a", "GET", "/"); err == nil || !strings.Contains(err.Error(), "timeout") {
					t.Errorf("got %v, want a timeout", err)
				}
				if tr.Open() != 0 {
					t.Errorf("got %d connections open", tr.Open())
				}
			})
		})
	}
}

// So is one whose head trickles, or whose informational responses do.
func TestATrickleHasAnEnd(t *testing.T) {
	for name, says := range map[string]string{
		"head":          "HTTP/1.1 200 OK\r\nX-Long: " + strings.Repeat("x", 60<<10),
		"interim heads": strings.Repeat("HTTP/1.1 102 Processing\r\nX-Long: "+strings.Repeat("x", 7<<10)+"\r\n\r\n", 8),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				var trickling sync.WaitGroup
				trickling.Go(func() {
					http.ReadRequest(bufio.NewReader(far))
					for i := range says {
						if _, err := io.WriteString(far, says[i:i+1]); err != nil {
							return
						}
						time.Sleep(59 * time.Second)
					}
				})
				u := &url.URL{Scheme: "http", Host: "app"}
				tr, err := http1.New(u, http1.Config{Dial: func(context.Context, string, string) (net.Conn, error) { return near, nil }})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if _, _, err := ask(t, tr, u, "a", "GET", "/"); err == nil || time.Since(began) > 10*time.Minute {
					t.Errorf("got %v after %v", err, time.Since(began))
				}
				far.Close()
				trickling.Wait()
			})
		})
	}
}

func TestCancellingEndsTheExchange(t *testing.T) {
	for _, at := range []string{"head", "body"} {
		t.Run(at, func(t *testing.T) {
			gone := make(chan struct{})
			reached := make(chan struct{})
			u := serve(t, func(u *upstream, c net.Conn) {
				u.read(bufio.NewReader(c))
				if at == "body" {
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
				}
				close(reached)
				io.Copy(io.Discard, c)
				close(gone)
			})
			tr := u.transport(t, http1.Config{})
			ctx, cancel := context.WithCancelCause(http1.ForSession(t.Context(), "a"))
			r, _ := http.NewRequestWithContext(ctx, "GET", u.url.String(), nil)
			errRevoked := errors.New("revoked")
			if at == "head" {
				go func() { <-reached; cancel(errRevoked) }()
			}
			res, err := tr.RoundTrip(r)
			cancel(errRevoked)
			if at == "head" && !errors.Is(err, errRevoked) {
				t.Errorf("got %v, want the cause", err)
			}
			if at == "body" {
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadAll(res.Body); err == nil {
					t.Error("the body ended as if it were whole")
				}
				res.Body.Close()
			}
			<-gone
			if tr.Open() != 0 {
				t.Errorf("got %d connections open", tr.Open())
			}
		})
	}
}

// An upstream may refuse a long body before it has read it.
func TestAnEarlyAnswerArrives(t *testing.T) {
	u := serve(t, func(u *upstream, c net.Conn) {
		http.ReadRequest(bufio.NewReader(c))
		io.WriteString(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
		io.Copy(io.Discard, io.LimitReader(c, 1<<20))
	})
	tr := u.transport(t, http1.Config{})
	r, _ := http.NewRequestWithContext(http1.ForSession(t.Context(), "a"), "POST", u.url.String(), io.LimitReader(zeros{}, 64<<20))
	res, err := tr.RoundTrip(r)
	if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Fatalf("got %v, %v", res, err)
	}
	res.Body.Close()
	if tr.Open() != 0 {
		t.Error("a connection that holds half a request is kept")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestAnUpgradeThatWasAskedForIsATunnel(t *testing.T) {
	u := serve(t, func(u *upstream, c net.Conn) {
		b := bufio.NewReader(c)
		http.ReadRequest(b)
		io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello")
		io.Copy(c, b)
	})
	tr := u.transport(t, http1.Config{})
	r, _ := http.NewRequestWithContext(t.Context(), "GET", u.url.String(), nil)
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "websocket")
	res, err := tr.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	tunnel := res.Body.(io.ReadWriteCloser)
	io.WriteString(tunnel, " there")
	got := make([]byte, len("hello there"))
	if _, err := io.ReadFull(tunnel, got); err != nil || string(got) != "hello there" {
		t.Errorf("got %q, %v", got, err)
	}
	tunnel.Close()
	if tr.Open() != 0 {
		t.Error("the tunnel is open")
	}
}

func TestTLSConnectionsAreReused(t *testing.T) {
	var opened atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.EnableHTTP2 = true
	s.StartTLS()
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	u, _ := url.Parse(s.URL)
	tr, err := http1.New(u, http1.Config{TLS: &tls.Config{RootCAs: roots, NextProtos: []string{"h2"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	for range 3 {
		if _, text, err := ask(t, tr, u, "a", "GET", "/"); err != nil || text != "HTTP/1.1" {
			t.Fatalf("got %q, %v", text, err)
		}
	}
	if opened.Load() != 1 {
		t.Errorf("got %d connections, want 1", opened.Load())
	}
}

func TestAnUpstreamIsWholeAndIsTheOnlyOne(t *testing.T) {
	for _, bad := range []struct {
		u string
		c http1.Config
	}{{"http://app", http1.Config{TLS: &tls.Config{}}}, {"https://app", http1.Config{}}, {"http://:80", http1.Config{}}, {"ftp://app", http1.Config{}}} {
		u, _ := url.Parse(bad.u)
		if _, err := http1.New(u, bad.c); err == nil {
			t.Errorf("%s: got no error", bad.u)
		}
	}
	u := serve(t, echo)
	other := *u.url
	other.Host = "127.0.0.1:1"
	if _, _, err := ask(t, u.transport(t, http1.Config{}), &other, "a", "GET", "/"); !errors.Is(err, http1.ErrOtherUpstream) {
		t.Errorf("got %v, want ErrOtherUpstream", err)
	}
}

// A misbehaving upstream sends stray, doubled, cut and overlong answers under
// the load of many sessions. No session ever reads another's mark.
func TestNoSessionReadsAnothersAnswer(t *testing.T) {
	const sessions, each = 16, 400
	u := serve(t, func(u *upstream, c net.Conn) {
		b := bufio.NewReader(c)
		for r := u.read(b); r != nil; r = u.read(b) {
			mark := answer(r.Header.Get("X-Mark"))
			switch rand.IntN(8) {
			case 0:
				io.WriteString(c, mark+mark)
			case 1:
				io.WriteString(c, mark)
				time.Sleep(time.Duration(rand.IntN(300)) * time.Microsecond)
				io.WriteString(c, mark)
			case 2:
				io.WriteString(c, mark[:len(mark)-1-rand.IntN(5)])
				return
			case 3:
				io.WriteString(c, mark+"overlong")
			case 4:
				return
			default:
				io.WriteString(c, mark)
			}
		}
	})
	tr := u.transport(t, http1.Config{Connections: 8})
	var running sync.WaitGroup
	var own, failed atomic.Int64
	for i := range sessions {
		running.Go(func() {
			mark := fmt.Sprintf("session-%02d", i)
			session := mark
			if i%4 == 0 {
				session = "" // a stranger
			}
			for range each {
				r, _ := http.NewRequestWithContext(http1.ForSession(t.Context(), session), "GET", u.url.String(), nil)
				r.Header.Set("X-Mark", mark)
				res, err := tr.RoundTrip(r)
				if err != nil {
					failed.Add(1)
					continue
				}
				text, err := io.ReadAll(res.Body)
				res.Body.Close()
				switch {
				case err != nil:
					failed.Add(1)
				case string(text) == mark:
					own.Add(1)
				default:
					t.Errorf("%s read %q", mark, text)
				}
			}
		})
	}
	running.Wait()
	if own.Load() == 0 || failed.Load() == 0 {
		t.Errorf("got %d own answers and %d failures: the upstream did not do both", own.Load(), failed.Load())
	}
	if tr.Open() > 8 {
		t.Errorf("got %d connections, want at most 8", tr.Open())
	}
}

// Several greedy callers leave room for the next as one does: the second takes half of what the
// first has left, and so on.
func TestGreedyCallersLeaveRoomForTheNext(t *testing.T) {
	u, release := serveSlowly(t)
	tr := u.transport(t, http1.Config{Connections: 16})
	as := func(caller, path string) error {
		r, err := http.NewRequestWithContext(http1.ForCaller(t.Context(), caller), "GET", u.url.JoinPath(path).String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := tr.RoundTrip(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		return errors.Join(err, res.Body.Close())
	}
	var under sync.WaitGroup
	for _, greedy := range []struct {
		caller string
		takes  int
	}{{"u-1", 8}, {"u-2", 4}, {"u-3", 2}, {"u-4", 1}} {
		seen := u.seen.Load()
		for range greedy.takes {
			under.Go(func() {
				if err := as(greedy.caller, "/slow"); err != nil {
					t.Errorf("%s: %v", greedy.caller, err)
				}
			})
		}
		for u.seen.Load() < seen+int64(greedy.takes) {
			time.Sleep(time.Millisecond)
		}
		if err := as(greedy.caller, "/"); !errors.Is(err, http1.ErrBusy) {
			t.Errorf("%s has %d and one more: %v", greedy.caller, greedy.takes, err)
		}
		if err := as("u-9", "/"); err != nil {
			t.Errorf("beside %s: %v", greedy.caller, err)
		}
	}
	close(release)
	under.Wait()
	for range 8 {
		under.Go(func() {
			if err := as("u-9", "/"); err != nil {
				t.Errorf("when all is given back: %v", err)
			}
		})
	}
	under.Wait()
}

// One caller who asks for what takes long leaves half of the connections to others, whatever
// sessions it asks in; those without an account are one.
func TestACallerHoldsHalfOfTheConnections(t *testing.T) {
	u, release := serveSlowly(t)
	tr := u.transport(t, http1.Config{Connections: 4})
	as := func(caller, session, path string) error {
		r, err := http.NewRequestWithContext(http1.ForCaller(http1.ForSession(t.Context(), session), caller), "GET", u.url.JoinPath(path).String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := tr.RoundTrip(r)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, res.Body)
		return errors.Join(err, res.Body.Close())
	}
	for range 8 { // one that has answered is the caller's no more
		if err := as("u-1", "a", "/"); err != nil {
			t.Fatal(err)
		}
	}
	for i, caller := range []string{"u-1", ""} {
		var under sync.WaitGroup
		seen := u.seen.Load()
		for _, session := range []string{"a", "b"} {
			under.Go(func() {
				if err := as(caller, session, "/slow"); err != nil {
					t.Error(err)
				}
			})
		}
		for u.seen.Load() < seen+2 {
			time.Sleep(time.Millisecond)
		}
		for _, session := range []string{"a", "c"} {
			if err := as(caller, session, "/"); !errors.Is(err, http1.ErrBusy) {
				t.Errorf("%q: got %v, want ErrBusy", caller, err)
			}
		}
		if err := as("u-2", "d", "/"); err != nil {
			t.Errorf("beside %q another caller: %v", caller, err)
		}
		if i == 0 {
			release <- struct{}{}
			release <- struct{}{}
		} else {
			close(release)
		}
		under.Wait()
		if err := as(caller, "a", "/"); err != nil {
			t.Errorf("%q, when it has its answers: %v", caller, err)
		}
	}
}
