package pep_test

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pep"
	"github.com/wardgate/wardgate/pep/upstream/balance"
	"github.com/wardgate/wardgate/pep/upstream/http1"
	"github.com/wardgate/wardgate/pip"
)

// An upstream that hangs, hangs up, answers garbage or more head than is taken fails each
// request once: it is sent nowhere else, and not again when the circuit is open. One person
// does not open it, however often.
func TestAnUpstreamThatMisbehavesIsLeftOut(t *testing.T) {
	for name, misbehave := range map[string]func(net.Conn){
		"hangs":            func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }, // until the other end has had enough
		"hangs up":         func(c net.Conn) { _ = c.Close() },
		"garbage":          func(c net.Conn) { _, _ = io.WriteString(c, "\x16\x03\x01garbage\r\n\r\n"); _ = c.Close() },
		"another protocol": func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-x\r\n"); _ = c.Close() },
		"half a head":      func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-"); _ = c.Close() },
		"an endless head":  func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX-A: "+strings.Repeat("a", 80<<10)) },
		"interim answers for ever": func(c net.Conn) {
			_, _ = io.WriteString(c, strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 50))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var well atomic.Bool
			var later atomic.Int64 // on the balancer's clock
			var balancer *balance.Balancer
			w := newWorld(t, func(w *world) {
				w.external(http1.Config{})
				w.backend.answer = func(conn net.Conn, _ received) {
					if well.Load() {
						_, _ = io.WriteString(conn, okAnswer)
						return
					}
					misbehave(conn)
				}
				lab := w.config.Upstreams["records"]
				transport := func(patience time.Duration) *http1.Transport {
					t.Helper()
					one, err := http1.New(lab.URL, http1.Config{FirstByte: patience})
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(func() { _ = one.Close() })
					return one
				}
				misbehaving := transport(map[bool]time.Duration{true: 200 * time.Millisecond, false: time.Minute}[name == "hangs"])
				patient := transport(time.Minute) // an upstream that is well may be slow
				var err error
				balancer, err = balance.New([]balance.Server{{Name: "a", URL: lab.URL, Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					if well.Load() {
						return patient.RoundTrip(r)
					}
					return misbehaving.RoundTrip(r)
				})}}, balance.Config{
					Failures: 2, Rest: time.Hour, Now: func() time.Time { return time.Now().Add(time.Duration(later.Load())) },
				})
				if err != nil {
					t.Fatal(err)
				}
				lab.Transport = balancer
				w.config.Upstreams = map[string]pep.Upstream{"records": lab}
			})
			claims := w.tokens.claims()
			claims["sub"] = "account-2"
			another := w.tokens.sign(claims, w.tokens.header())
			var statuses []int
			for _, token := range []string{"{token}", "{token}", "{token}", another, "{token}"} {
				for _, a := range w.send(strings.Replace(request("GET", "/info", ""), "{token}", token, 1)) {
					statuses = append(statuses, a.status)
				}
			}
			if got, _ := w.backend.requests(); len(got) != 4 || !slices.Equal(statuses, []int{502, 502, 502, 502, 503}) {
				t.Errorf("got %d requests, answers %v", len(got), statuses)
			}
			outcomes := w.journal.of(pip.KindOutcome)
			if last := outcomes[len(outcomes)-1]; last.Outcome != "failure" || last.Detail != "application_unavailable" || last.Status != http.StatusServiceUnavailable {
				t.Errorf("got %+v", last)
			}
			well.Store(true)
			later.Store(int64(time.Hour))
			if a := w.send(request("GET", "/info", "")); len(a) != 1 || a[0].status != http.StatusOK || balancer.Standing().Servers[0] != balance.Serving {
				t.Errorf("got %+v, %+v", a, balancer.Standing())
			}
		})
	}
}
