package pep_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/upstream/http1"
)

const beginning = 50_000

// begin sends the beginning of an upload that the application gets, and no more.
func (w *world) begin(r *receiver) (net.Conn, func() int) {
	w.t.Helper()
	conn, in := w.dial(request("POST", "/stream", strings.Repeat("x", beginning), "Content-Length: 1000000000"))
	until(w.t, "the beginning at the application", func() bool { all := r.uploads(); return len(all) == 1 && all[0].bytes > beginning/2 })
	return conn, func() int { w.t.Helper(); return status(w.t, in) }
}

// cut holds that the application had one upload, which did not end.
func (r *receiver) cut(t *testing.T) {
	t.Helper()
	until(t, "the end at the application", func() bool { all := r.uploads(); return len(all) == 1 && all[0].digest != "" })
	if u := r.uploads()[0]; u.complete || !u.reset {
		t.Errorf("the application got %+v", u)
	}
}

func TestARevocationBreaksAnUpload(t *testing.T) {
	for _, subject := range []bool{true, false} {
		var c revocations
		w, r := receiving(t, func(w *world, _ []pdp.Route) { w.config.Revocations = &c })
		claims := w.tokens.claims()
		w.tokens.fixed = w.tokens.sign(claims, w.tokens.header())
		conn, answered := w.begin(r)
		go func() { // it goes on sending, and gets its answer all the same
			for _, err := conn.Write(make([]byte, 1000)); err == nil; _, err = conn.Write(make([]byte, 1000)) {
			}
		}()
		c.revoke("another session", "another account")
		if subject {
			c.revoke("", "account-1")
		} else {
			c.revoke(claims["sid"].(string), "")
		}
		if got := answered(); got != 401 && got != 403 {
			t.Errorf("got %d", got)
		}
		r.cut(t)
		w.ended(pdp.StreamRevoked)
	}
}

// A client that trickles has what a silent one has: the time in which there must be progress.
func TestAnUploadThatTricklesEnds(t *testing.T) {
	t.Parallel()
	for _, trickles := range []bool{true, false} {
		w, r := receiving(t, func(w *world, _ []pdp.Route) {
			to := w.config.Upstreams["archive"]
			to.Idle = 2 * time.Second // in which its beginning has to arrive
			w.config.Upstreams["archive"] = to
		})
		conn, answered := w.begin(r)
		stop := make(chan struct{})
		go func() {
			for trickles {
				select {
				case <-stop:
					return
				case <-time.After(time.Millisecond): // less than the progress there has to be
					_, _ = conn.Write([]byte("x"))
				}
			}
		}()
		if got := answered(); got != http.StatusRequestTimeout {
			t.Errorf("got %d", got)
		}
		close(stop)
		r.cut(t)
		w.ended(pdp.StreamIdle)
	}
}

// What the application takes no more of ends, and its answer is the client's.
func TestAnApplicationCutsAnUpload(t *testing.T) {
	for name, tt := range map[string]struct {
		says   string
		status int
	}{"it breaks": {"", 502}, "it refuses": {"HTTP/1.1 409 Conflict\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", 409}} {
		w, r := receiving(t, nil)
		r.early = func(conn net.Conn, got int64) bool {
			if got < 20_000 {
				return false
			}
			_, _ = io.WriteString(conn, tt.says)
			return true
		}
		_, in := w.dial(request("POST", "/stream", strings.Repeat("x", beginning), "Content-Length: 1000000"))
		if got := status(t, in); got != tt.status {
			t.Errorf("%s: got %d, want %d", name, got, tt.status)
		}
		w.ended(pdp.StreamApplication)
	}
}

// An upload may take longer than the application may take to answer: that time begins when
// it has all, and then it ends.
func TestTheTimeToAnswerBeginsBehindTheUpload(t *testing.T) {
	t.Parallel()
	const firstByte = 2 * time.Second
	hold := make(chan struct{})
	for _, answers := range []bool{true, false} {
		w, r := receiving(t, func(w *world, _ []pdp.Route) {
			to := w.upstream(w.config.Upstreams["archive"].URL.Host, http1.Config{FirstByte: firstByte})
			to.External = true
			w.config.Upstreams["archive"] = to
		})
		if !answers {
			r.took = func(got int64) {
				if got == beginning+1 {
					<-hold
				}
			}
		}
		conn, in := w.dial(request("POST", "/stream", strings.Repeat("x", beginning), "Content-Length: "+strconv.Itoa(beginning+1)))
		if answers {
			time.Sleep(firstByte + firstByte/4) // the client takes its time
		}
		w.write(conn, "x")
		if got, want := status(t, in), map[bool]int{true: 200, false: 502}[answers]; got != want {
			t.Errorf("answers %t: got %d, want %d", answers, got, want)
		}
		if !answers {
			close(hold)
		}
	}
}

// An upload under way is decided again: by a rule book that judges such bodies, or denies
// them, it goes no further.
func TestAnUploadIsDecidedAgain(t *testing.T) {
	for name, change := range map[string]func(*pdp.Route){
		"it is judged":    func(r *pdp.Route) { r.Body = "any" },
		"a smaller limit": func(r *pdp.Route) { r.Limit = 10 },
		"another action":  func(r *pdp.Route) { r.Action = "study.deny" },
		"as it was":       func(r *pdp.Route) { r.Weight = 2 },
	} {
		var changed atomic.Bool
		w, r := receiving(t, func(w *world, routes []pdp.Route) {
			first, next := testTables(), testTables()
			first.Routes, next.Routes, next.Revision = routes, slices.Clone(routes), "revision-2"
			row(next.Routes, "any").Path = "/other"
			change(row(next.Routes, "stream"))
			w.config.Tables = tablesFunc(func() *pdp.Tables {
				if changed.Load() {
					return next
				}
				return first
			})
			decide := w.config.Decider
			w.config.Decider = deciderFunc(func(ctx context.Context, q pdp.Request) (pdp.Decision, error) {
				d, err := decide.Decide(ctx, q)
				d.Revision = q.Context.Route
				if q.Action.Name == "study.deny" {
					d = pdp.Decision{Revision: d.Revision, Reasons: []string{"not_your_patient"}}
				}
				return d, err
			})
		})
		conn, answered := w.begin(r)
		changed.Store(true)
		w.proxy.WatchOnce(t.Context())
		if name == "as it was" {
			_ = conn.Close()
			w.ended(pdp.StreamClient)
			continue
		}
		if got := answered(); got < 400 {
			t.Errorf("%s: got %d", name, got)
		}
		r.cut(t)
		w.ended(pdp.StreamRevoked)
	}
}

// Over HTTP/2 a client resets one upload, and the connection serves another.
func TestAnUploadOverHTTP2IsCut(t *testing.T) {
	w, r := receiving(t, nil)
	address := w.listenTLS()
	to := &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	defer to.CloseIdleConnections()
	send := func(body io.Reader) error {
		req, _ := http.NewRequest("POST", "https://"+address+"/stream", body)
		req.Header.Set("Authorization", "Bearer "+w.tokens.good())
		res, err := to.RoundTrip(req)
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	breaks, feed := io.Pipe()
	go func() {
		_, _ = feed.Write(bytes.Repeat([]byte("x"), beginning))
		for len(r.uploads()) == 0 {
			time.Sleep(time.Millisecond)
		}
		_ = feed.CloseWithError(errors.New("broken"))
	}()
	if err := send(breaks); err == nil {
		t.Error("the upload was answered")
	}
	r.cut(t)
	w.ended(pdp.StreamClient)
	if err := send(strings.NewReader("abc")); err != nil {
		t.Errorf("the next upload: %v", err)
	}
}
