package pep_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/upstream/http1"
	"github.com/wardgate/wardgate/pip"
)

// external makes the application one that is not Wardgate's own.
func (w *world) external(c http1.Config) {
	w.counts = true
	lab := w.upstream(w.backend.listener.Addr().String(), c)
	lab.External = true
	w.config.Upstreams = map[string]pep.Upstream{"records": lab}
	w.config.Decider = changed(func(d *pdp.Decision) { d.Obligations = nil }) // which only an own service can keep
}

// An application sends doubled, late, cut and overlong answers, each marked with
// the path that it was asked for. No session gets the answer to another's
// request.
func TestNoSessionGetsAnothersAnswer(t *testing.T) {
	const sessions, each = 12, 60
	w := newWorld(t, func(w *world) {
		w.external(http1.Config{Connections: 6})
		w.backend.answer = func(conn net.Conn, r received) {
			path, _ := r.target()
			mark := raw("200 OK", path)
			switch rand.IntN(6) {
			case 0:
				_, _ = io.WriteString(conn, mark+mark)
			case 1:
				_, _ = io.WriteString(conn, mark)
				time.Sleep(time.Duration(rand.IntN(500)) * time.Microsecond)
				_, _ = io.WriteString(conn, mark)
			case 2:
				_, _ = io.WriteString(conn, mark[:len(mark)-3])
				_ = conn.Close()
			case 3:
				_, _ = io.WriteString(conn, mark+"more")
			default:
				_, _ = io.WriteString(conn, mark)
			}
		}
	})
	var own atomic.Int64
	var running sync.WaitGroup
	for i := range sessions {
		claims := w.tokens.claims()
		claims["sid"], claims["jti"] = uuid.NewString(), uuid.NewString()
		token, path := w.tokens.sign(claims, w.tokens.header()), fmt.Sprintf("/api/patients/p-%d", i)
		client := &http.Client{Transport: &http.Transport{}}
		running.Go(func() {
			defer client.CloseIdleConnections()
			for range each {
				r, _ := http.NewRequestWithContext(t.Context(), "GET", "http://"+w.address+path, nil)
				r.Header.Set("Authorization", "Bearer "+token)
				res, err := client.Do(r)
				if err != nil {
					continue // cut short
				}
				text, err := io.ReadAll(res.Body)
				_ = res.Body.Close()
				switch {
				case res.StatusCode != http.StatusOK || err != nil:
				case string(text) == path:
					own.Add(1)
				default:
					t.Errorf("%s: got %q", path, text)
				}
			}
		})
	}
	running.Wait()
	if own.Load() < sessions {
		t.Errorf("got %d own answers: the application hardly answered", own.Load())
	}
}

// More requests at once than an application may have are told to come again, and
// nothing of them has been sent.
func TestABusyApplicationIsSaidToBeBusy(t *testing.T) {
	release, reached := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(w *world) {
		w.external(http1.Config{Connections: 1})
		w.backend.answer = func(conn net.Conn, _ received) {
			close(reached)
			<-release
			_, _ = io.WriteString(conn, okAnswer)
		}
	})
	first := make(chan []answer, 1)
	go func() { first <- w.send(request("GET", "/info", "")) }()
	select {
	case <-reached:
	case got := <-first:
		t.Fatalf("the first was answered at once: %+v", got)
	}
	second := w.send(request("GET", "/api/patients/p-1", ""))
	close(release)
	if len(second) != 1 || second[0].status != http.StatusServiceUnavailable || !strings.Contains(second[0].body, "application_busy") ||
		second[0].header.Get("Retry-After") == "" {
		t.Errorf("got %+v, want 503 application_busy with Retry-After", second)
	}
	if got := <-first; len(got) != 1 || got[0].status != http.StatusOK {
		t.Errorf("the first: got %+v", got)
	}
	if got, _ := w.backend.requests(); len(got) != 1 {
		t.Errorf("got %d requests, want 1", len(got))
	}
	for _, e := range w.journal.of(pip.KindOutcome) {
		if e.Status == http.StatusServiceUnavailable && (e.Outcome != "failure" || e.Detail != "application_busy") {
			t.Errorf("got outcome %+v", e)
		}
	}
}

// Masked answers are held in memory, all of them together within a budget: of
// three at once, two are held and one is told to come again.
func TestMaskedAnswersShareABudget(t *testing.T) {
	release := make(chan struct{})
	w := masked(t, func(w *world) {
		w.config.AnswerLimit, w.config.AnswersMemory = 1000, 4000 // two of unknown length
		w.backend.answer = func(conn net.Conn, _ received) {
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"+aJSON+"\r\n\r\n1\r\n{\r\n")
			<-release
			_, _ = io.WriteString(conn, "1\r\n}\r\n0\r\n\r\n")
		}
	})
	answers := make(chan []answer)
	for range 3 {
		go func() { answers <- w.send(request("GET", "/info", "")) }()
	}
	if refused := <-answers; len(refused) != 1 || refused[0].status != http.StatusServiceUnavailable ||
		!strings.Contains(refused[0].body, "answers_busy") {
		t.Errorf("the first to be answered: got %+v, want 503 answers_busy", refused)
	}
	close(release)
	for range 2 {
		if got := <-answers; len(got) != 1 || got[0].status != http.StatusOK || got[0].body != "{}" {
			t.Errorf("got %+v", got)
		}
	}
	if last := w.send(request("GET", "/info", "")); len(last) != 1 || last[0].status != http.StatusOK {
		t.Errorf("afterwards: got %+v: memory was not given back", last)
	}
}

// An answer without a body takes none of the budget, whatever length it states.
func TestHeadOfAMaskedAnswerTakesNoMemory(t *testing.T) {
	release, held := make(chan struct{}), make(chan struct{})
	w := masked(t, func(w *world) {
		w.config.AnswerLimit, w.config.AnswersMemory = 1000, 2000 // one
		w.backend.answer = func(conn net.Conn, r received) {
			if r.method() == http.MethodHead {
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"+aJSON+"\r\n\r\n")
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"+aJSON+"\r\n\r\n1\r\n{\r\n")
			close(held)
			<-release
			_, _ = io.WriteString(conn, "1\r\n}\r\n0\r\n\r\n")
		}
	})
	whole := make(chan []answer)
	go func() { whole <- w.send(request("GET", "/info", "")) }()
	<-held
	heads := w.sendAll(strings.Repeat(request("HEAD", "/info", ""), 20), 20)
	if len(heads) != 20 {
		t.Errorf("got %d answers to 20 HEADs", len(heads))
	}
	for _, got := range heads {
		if got.status != http.StatusOK {
			t.Errorf("got %+v, want 200", got)
		}
	}
	close(release)
	if got := <-whole; len(got) != 1 || got[0].status != http.StatusOK {
		t.Errorf("got %+v", got)
	}
}

// An answer that trickles is not held for as long as its application likes.
func TestATricklingMaskedAnswerIsLeft(t *testing.T) {
	w := masked(t, func(w *world) {
		w.config.AnswerTime = 100 * time.Millisecond
		w.backend.answer = func(conn net.Conn, _ received) {
			_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"+aJSON+"\r\n\r\n{")
			for err == nil {
				time.Sleep(10 * time.Millisecond)
				_, err = io.WriteString(conn, " ")
			}
		}
	})
	got := w.send(request("GET", "/info", ""))
	if len(got) != 1 || got[0].status != http.StatusBadGateway || !strings.Contains(got[0].body, "answer_withheld") {
		t.Errorf("got %+v, want 502 answer_withheld", got)
	}
}
