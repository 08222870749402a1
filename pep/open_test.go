package pep_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/upstream/http1"
)

// The example of RFC 6455, section 1.3.
const (
	sampleKey    = "dGhlIHNhbXBsZSBub25jZQ=="
	sampleAccept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
	switching    = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + sampleAccept + "\r\n"
)

// handshake are the lines by which a browser opens a WebSocket.
func handshake(more ...string) []string {
	return append([]string{
		"Connection: keep-alive, Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + sampleKey,
	}, more...)
}

// A socketWorld has an application that answers openings of WebSockets with what head
// says, and everything after it with the same.
type socketWorld struct {
	*browserWorld
	head string

	now      atomic.Int64 // beside the clock, nanoseconds
	mu       sync.Mutex
	asked    []*http.Request // what reached the application
	heard    strings.Builder // by it, after the opening
	decision func(r pdp.Request, d *pdp.Decision)
	goesOn   error
	askAfter time.Duration
	panics   bool
	silent   bool // what knows sessions answers nothing
	ongoing  []pdp.Ongoing
	question []pdp.Request
	tables   *pdp.Tables
}

func (s *socketWorld) GoesOn(ctx context.Context, o pdp.Ongoing) (pdp.Going, error) {
	s.mu.Lock()
	if s.panics {
		s.mu.Unlock()
		panic("the store of sessions is broken")
	}
	if s.silent {
		s.mu.Unlock()
		<-ctx.Done()
		return pdp.Going{}, ctx.Err()
	}
	defer s.mu.Unlock()
	s.ongoing = append(s.ongoing, o)
	return pdp.Going{AskAfter: s.askAfter}, s.goesOn
}

func (s *socketWorld) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *socketWorld) pass(d time.Duration) { s.now.Add(int64(d)) }

// look decides what is under way again.
func (s *socketWorld) look() { s.proxy.WatchOnce(s.t.Context()) }

func newSocketWorld(t *testing.T, head string, change func(*socketWorld)) *socketWorld {
	t.Helper()
	s := &socketWorld{head: head, tables: hostedTables()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go s.serve(l)
	s.browserWorld = newHostedWorld(t, func(b *browserWorld) {
		to := b.upstream(l.Addr().String(), http1.Config{FirstByte: 5 * time.Second})
		to.External, to.WebSocket = true, true
		b.config.Applications.Upstreams["lab"] = to
		b.config.Sessions = s
		b.config.DecisionTime = time.Minute // what is asked here is not whether it is in time
		b.config.Now = func() time.Time { return time.Now().Add(time.Duration(s.now.Load())) }
		b.config.Tables = tablesFunc(func() *pdp.Tables {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.tables
		})
		next := b.config.Decider
		b.config.Decider = deciderFunc(func(ctx context.Context, r pdp.Request) (pdp.Decision, error) {
			d, err := next.Decide(ctx, r)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.question = append(s.question, r)
			if s.decision != nil {
				s.decision(r, &d)
			}
			return d, err
		})
		if s.browserWorld = b; change != nil {
			change(s)
		}
	})
	return s
}

func (s *socketWorld) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			in := bufio.NewReader(c)
			r, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.asked = append(s.asked, r)
			s.mu.Unlock()
			if _, err := io.WriteString(c, s.head+"\r\n"); err != nil || !strings.Contains(s.head, " 101 ") {
				return
			}
			buffer := make([]byte, 4<<10)
			for {
				n, err := in.Read(buffer)
				if n > 0 {
					s.mu.Lock()
					s.heard.Write(buffer[:n])
					s.mu.Unlock()
					if _, err := c.Write(buffer[:n]); err != nil {
						return
					}
				}
				if err != nil {
					return
				}
			}
		}()
	}
}

// dial sends the head of a request in the browser's session, and early after it, and
// returns the answer's head.
func (s *socketWorld) dial(early string, lines ...string) (net.Conn, *bufio.Reader, *http.Response) {
	s.t.Helper()
	c, err := net.Dial("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(c, browse("GET", "lab.test", "/live", append(lines, with(sealedFor(s.t, labOrigin)))...)+early); err != nil {
		s.t.Fatal(err)
	}
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return c, in, res
}

// echoes reports whether the connection carries bytes to the application and back.
func echoes(c net.Conn, in *bufio.Reader, text string) bool {
	if _, err := io.WriteString(c, text); err != nil {
		return false
	}
	got := make([]byte, len(text))
	_, err := io.ReadFull(in, got)
	return err == nil && string(got) == text
}

// isOver wants the end of a connection.
func isOver(t *testing.T, in *bufio.Reader) {
	t.Helper()
	if b, err := io.ReadAll(in); len(b) > 0 || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the client got %q, %v", b, err)
	} else if ne, is := errors.AsType[net.Error](err); is && ne.Timeout() {
		t.Error("the connection is open still")
	}
}

// outcomes are what the journal says of what came of requests, once there are n.
func (s *socketWorld) outcomes(n int) []string {
	s.t.Helper()
	var said []string
	for patience := time.Now().Add(time.Minute); time.Now().Before(patience); time.Sleep(time.Millisecond) {
		said = nil
		for _, e := range s.journal.of("outcome") {
			said = append(said, strings.TrimSpace(fmt.Sprint(e.Status, " ", e.Detail, " ", strings.Join(e.Reasons, ","))))
		}
		if len(said) >= n {
			break
		}
	}
	return said
}

func TestAWebSocketIsCarriedBothWays(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching+"Sec-WebSocket-Protocol: chat\r\nX-Powered-By: it\r\n", nil)
	c, in, res := s.dial("", handshake("Sec-WebSocket-Protocol: chat, other", "Sec-WebSocket-Extensions: permessage-deflate", "Sec-Fetch-Site: same-origin", "X-Other: 1")...)
	if res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("Sec-WebSocket-Accept") != sampleAccept ||
		res.Header.Get("Sec-WebSocket-Protocol") != "chat" || res.Header.Get("X-Powered-By") != "" {
		t.Fatalf("got %d %v", res.StatusCode, res.Header)
	}
	// What passes is opaque: no request in it is read, and none is judged.
	for _, text := range []string{"\x81\x05hello", "GET /admin HTTP/1.1\r\nHost: lab.test\r\n\r\n", "\x00\xff\r\n\r\nTransfer-Encoding: chunked\r\n", strings.Repeat("x", 1<<20)} {
		go func() { _, _ = io.WriteString(c, text) }()
		got := make([]byte, len(text))
		if _, err := io.ReadFull(in, got); err != nil || string(got) != text {
			t.Fatalf("%.20q: got back %d bytes, %v", text, len(got), err)
		}
	}
	if got := s.question[0]; !got.Action.Upgrade || got.Context.Credential.Site != pdp.SiteOwn {
		t.Errorf("the policy was asked about %+v", got)
	}
	_ = c.Close()
	if got := s.outcomes(2); len(got) != 2 || got[0] != "101" || got[1] != "101 closed" {
		t.Errorf("the journal says %q", got)
	}
	r := s.asked[0]
	if len(s.asked) != 1 || r.Header.Get("Upgrade") != "websocket" || r.Header.Get("Sec-WebSocket-Key") != sampleKey ||
		r.Header.Get("Sec-WebSocket-Protocol") != "chat, other" || r.Header.Get("X-Other")+r.Header.Get("Cookie") != "" {
		t.Errorf("the application was asked %d times, %v", len(s.asked), r.Header)
	}
}

func TestBadOpeningsOpenNothing(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, nil)
	for name, lines := range map[string][]string{
		"without a key": {"Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"},
		"two protocols": handshake("Upgrade: h2c"),
		"with a body":   handshake("Content-Length: 3"),
		"with chunks":   handshake("Transfer-Encoding: chunked"),
	} {
		if _, _, res := s.dial("", lines...); res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %d", name, res.StatusCode)
		}
	}
	if len(s.asked) != 0 {
		t.Errorf("the application was asked %d times", len(s.asked))
	}
}

// What is sent before the application has agreed may be a request, or part of a message.
func TestWhatIsSentTooEarlyEndsTheConnection(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, nil)
	for _, early := range []string{"\x81\x05hello", "GET /admin HTTP/1.1\r\nHost: lab.test\r\n\r\n", "x"} {
		c, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		if _, err := io.WriteString(c, browse("GET", "lab.test", "/live", append(handshake(), with(sealedFor(t, labOrigin)))...)+early); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(c)
		if ne, is := errors.AsType[net.Error](err); is && ne.Timeout() || strings.Contains(string(got), " 101 ") {
			t.Errorf("%q: got %q, %v", early, got, err)
		}
		_ = c.Close()
	}
	if s.heard.Len() > 0 {
		t.Errorf("the application heard %q", s.heard.String())
	}
}

func TestAnAnswerThatDoesNotTakeTheOpeningIsNone(t *testing.T) {
	t.Parallel()
	for name, head := range map[string]string{
		"another key's": strings.Replace(switching, sampleAccept, "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", 1),
		"no proof":      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
		"to h2c":        strings.Replace(switching, "websocket", "h2c", 1),
		"a protocol":    switching + "Sec-WebSocket-Protocol: chat\r\n",
	} {
		s := newSocketWorld(t, head, nil)
		if _, _, res := s.dial("", handshake()...); res.StatusCode != http.StatusBadGateway {
			t.Errorf("%s: got %d", name, res.StatusCode)
		}
	}
	s := newSocketWorld(t, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", nil)
	if _, _, res := s.dial("", handshake()...); res.StatusCode != http.StatusForbidden {
		t.Errorf("refused by the application: got %d", res.StatusCode)
	}
}

// Where an application takes none, a wish to leave HTTP goes nowhere.
func TestWebSocketsAreForApplicationsThatTakeThem(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno", func(s *socketWorld) {
		to := s.config.Applications.Upstreams["lab"]
		to.WebSocket = false
		s.config.Applications.Upstreams["lab"] = to
	})
	if _, _, res := s.dial("", handshake()...); res.StatusCode != http.StatusOK {
		t.Errorf("got %d", res.StatusCode)
	}
	if h := s.asked[0].Header; h.Get("Upgrade")+h.Get("Sec-WebSocket-Key")+h.Get("Connection") != "" {
		t.Errorf("the application was asked with %v", h)
	}
}

// A mask, or anything else that changes an answer, cannot be kept on what is never whole.
func TestNothingMaskedLeavesHTTP(t *testing.T) {
	t.Parallel()
	s := newSocketWorld(t, switching, func(s *socketWorld) {
		s.decision = func(_ pdp.Request, d *pdp.Decision) {
			d.Obligations = []pdp.Obligation{{ID: "mask_response", Type: "mask", Properties: []byte(`{"pointers":["/name"],"pass":[]}`)}}
		}
	})
	if _, _, res := s.dial("", handshake()...); res.StatusCode != http.StatusForbidden || len(s.asked) != 0 {
		t.Errorf("got %d, and the application was asked %d times", res.StatusCode, len(s.asked))
	}
}
