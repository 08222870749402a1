package pep_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pip"
)

// revocations stands for the revocation list.
type revocations struct {
	mu        sync.Mutex
	listeners []func(session, subject string)
}

func (c *revocations) OnRevoke(f func(session, subject string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listeners = append(c.listeners, f)
}

func (c *revocations) revoke(session, subject string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.listeners {
		f(session, subject)
	}
}

const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"

// A streamWorld has a backend that begins an answer and does not end it.
type streamWorld struct {
	*world
	revocations revocations
	session     string
	gone        chan struct{} // the backend saw its connection break
}

func newStreamWorld(t *testing.T, head string) *streamWorld {
	s := &streamWorld{gone: make(chan struct{}, 16)}
	s.world = newWorld(t, func(w *world) {
		w.config.Revocations = &s.revocations
		w.backend.answer = func(conn net.Conn, _ received) {
			_, _ = io.WriteString(conn, head)
			_, _ = conn.Read(make([]byte, 1)) // until it breaks
			_ = conn.Close()
			s.gone <- struct{}{}
		}
	})
	claims := s.tokens.claims()
	s.session = claims["sid"].(string)
	s.tokens.fixed = s.tokens.sign(claims, s.tokens.header())
	return s
}

// open sends a request and reads the beginning of its answer.
func (s *streamWorld) open() (net.Conn, *http.Response, *bufio.Reader) {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	raw := strings.ReplaceAll(request("GET", "/info", ""), "{token}", s.tokens.good())
	if _, err := io.WriteString(conn, raw); err != nil {
		s.t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return conn, res, bufio.NewReader(res.Body)
}

func TestCutBreaksAStream(t *testing.T) {
	for _, tt := range []struct {
		name   string
		revoke func(*streamWorld)
		why    string
	}{
		{"session revoked", func(s *streamWorld) { s.revocations.revoke(s.session, "") }, "session_revoked"},
		{"subject banned", func(s *streamWorld) { s.revocations.revoke("", "account-1") }, "subject_banned"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStreamWorld(t, streamHead)
			_, res, body := s.open()
			first := make([]byte, 5)
			if _, err := io.ReadFull(body, first); err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("got %d, %v", res.StatusCode, err)
			}
			s.revocations.revoke("another session", "")
			s.revocations.revoke("", "another account")
			tt.revoke(s)
			if _, err := io.ReadAll(body); err == nil {
				t.Error("the stream ended as if it were whole")
			}
			<-s.gone
			s.drain()
			outcomes := s.journal.of(pip.KindOutcome)
			if last := outcomes[len(outcomes)-1]; len(outcomes) != 2 || last.Detail != "cut_off" || last.Reasons[0] != tt.why {
				t.Errorf("got evidence %+v", outcomes)
			}
		})
	}
}

// A client that does not read holds up the copying of the answer: the cut has
// to break its connection too.
func TestCutBreaksAClientThatDoesNotRead(t *testing.T) {
	s := newStreamWorld(t, "")
	s.backend.answer = func(conn net.Conn, _ received) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
		flood := make([]byte, 1<<20)
		for {
			if _, err := conn.Write(flood); err != nil {
				s.gone <- struct{}{}
				return
			}
		}
	}
	conn, _, _ := s.open()
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(1 << 10)
	}
	time.Sleep(200 * time.Millisecond) // let all buffers fill; the outcome does not depend on it
	s.revocations.revoke(s.session, "")
	<-s.gone
	s.drain()
}

// Who is cut off before the application answered is told why.
func TestCutBeforeTheAnswer(t *testing.T) {
	for why, want := range map[string]int{"session_revoked": http.StatusUnauthorized, "subject_banned": http.StatusForbidden} {
		t.Run(why, func(t *testing.T) {
			s := newStreamWorld(t, "")
			reached := make(chan struct{})
			s.backend.answer = func(conn net.Conn, _ received) {
				close(reached)
				_, _ = conn.Read(make([]byte, 1))
				_ = conn.Close()
			}
			go func() {
				<-reached
				if want == http.StatusForbidden {
					s.revocations.revoke("", "account-1")
				} else {
					s.revocations.revoke(s.session, "")
				}
			}()
			answers := s.send(request("GET", "/info", ""))
			if len(answers) != 1 || answers[0].status != want || !strings.Contains(answers[0].body, why) {
				t.Errorf("got %+v, want %d %s", answers, want, why)
			}
		})
	}
}

// A revocation that comes between the decision and the forwarding lets nothing
// through.
func TestCutWhileDeciding(t *testing.T) {
	s := newStreamWorld(t, okAnswer)
	s.journal.fail = func(e pip.Event) error { // after the answer of the policy
		if e.Kind == pip.KindDecision && e.Allow {
			s.revocations.revoke(s.session, "")
		}
		return nil
	}
	answers := s.send(request("GET", "/info", ""))
	if len(answers) != 1 || answers[0].status != http.StatusUnauthorized {
		t.Errorf("got %+v, want 401", answers)
	}
	if got, _ := s.backend.requests(); len(got) != 0 {
		t.Errorf("%d requests were forwarded", len(got))
	}
}

// In HTTP/2 the one stream breaks; the connection and its other streams live.
func TestCutOverHTTP2(t *testing.T) {
	s := newStreamWorld(t, streamHead)
	server := httptest.NewUnstartedServer(s.proxy)
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: true, // the test's own server
	}}
	defer client.CloseIdleConnections()
	get := func(token string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/info", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	other := get(s.tokens.sign(s.tokens.claims(), s.tokens.header()))
	cut := get(s.tokens.good())
	defer cut.Body.Close()
	if cut.ProtoMajor != 2 {
		t.Fatalf("got HTTP/%d", cut.ProtoMajor)
	}
	s.revocations.revoke(s.session, "")
	if _, err := io.ReadAll(cut.Body); err == nil {
		t.Error("the stream ended as if it were whole")
	}
	first := make([]byte, 5)
	if _, err := io.ReadFull(other.Body, first); err != nil {
		t.Errorf("the other stream broke: %v", err)
	}
	_ = other.Body.Close()
}

// Many come and go while many are cut: nothing is left behind, nobody hangs.
func TestCutsUnderLoad(t *testing.T) {
	s := newStreamWorld(t, "")
	s.backend.answer = nil
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 300 {
			s.revocations.revoke(s.session, "")
			s.revocations.revoke("", "account-1")
			time.Sleep(time.Millisecond)
		}
	}()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 40 {
				for _, a := range s.send(request("GET", "/info", "", "Connection: close")) {
					if a.status != http.StatusOK && a.status != http.StatusUnauthorized && a.status != http.StatusForbidden {
						t.Errorf("got %d", a.status)
					}
				}
			}
		})
	}
	wg.Wait()
	<-done
}
