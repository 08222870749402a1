package pep_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wardgate/wardgate/pdp"
	"github.com/wardgate/wardgate/pep/upstream/http1"
	"github.com/wardgate/wardgate/pip"
)

// answering lets the backend answer every request with these bytes.
func answering(raw string) func(*world) {
	return func(w *world) {
		w.backend.answer = func(conn net.Conn, _ received) { _, _ = io.WriteString(conn, raw) }
	}
}

// closing is answering, and hangs up at once.
func closing(raw string) func(*world) {
	return func(w *world) {
		w.backend.answer = func(conn net.Conn, _ received) {
			_, _ = io.WriteString(conn, raw)
			_ = conn.Close()
		}
	}
}

// TestNoAnswerOpensATunnel: an application that leaves HTTP, asked or unasked,
// is cut off, and what a client writes then is judged by the enforcement point.
func TestNoAnswerOpensATunnel(t *testing.T) {
	for name, raw := range map[string]string{
		"101 with Upgrade":         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfree bytes",
		"101 for h2c":              "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nfree bytes",
		"101 with nothing":         "HTTP/1.1 101 Switching Protocols\r\n\r\nfree bytes",
		"101 without Upgrade":      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\nfree bytes",
		"101 with an odd protocol": "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: \xff\r\n\r\nfree bytes",
	} {
		for _, asked := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, answering(raw))
				var lines []string
				if asked {
					lines = []string{"Connection: Upgrade", "Upgrade: websocket"}
				}
				answers := w.sendAll(request("GET", "/info", "", lines...)+"GET /admin HTTP/1.1\r\nHost: pep.test\r\n\r\n", 2)
				w.drain()
				if len(answers) != 2 || answers[0].status != http.StatusBadGateway || answers[1].status != http.StatusUnauthorized {
					t.Fatalf("got %v, want 502 and then 401", answers)
				}
				if got, extra := w.backend.requests(); len(got) != 1 || len(extra) != 0 {
					t.Errorf("the backend got %d requests and %q", len(got), extra)
				}
			})
		}
	}
}

// TestInterimAnswersStayInside: a client sees nothing before the evidence is
// kept, and nothing that was not scrubbed.
func TestInterimAnswersStayInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answering("HTTP/1.1 103 Early Hints\r\nWardgate-Patients: p-1\r\nLink: </a>\r\n\r\n"+
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\nX-Diagnosis: flu\r\n\r\n"+okAnswer))
	answers := w.send(request("GET", "/info", ""))
	if len(answers) != 1 || answers[0].status != http.StatusOK {
		t.Fatalf("got %v, want the final answer alone", answers)
	}
	for _, name := range []string{"Link", "X-Diagnosis", "Wardgate-Patients"} {
		if answers[0].header.Get(name) != "" {
			t.Errorf("%s of an interim answer reached the client", name)
		}
	}
}

func TestAnswersAreScrubbed(t *testing.T) {
	hidden := []string{
		"Wardgate-Patients: p-1", "wardgate-assertion: x", "Wardgate_Patients: p-1", "WARDGATE-Anything: x",
		"Server: Apache/2.4.1", "X-Powered-By: PHP/5", "Set-Cookie: __Host-session=planted; Secure; Path=/", "Set-cookie: a=b",
		"Alt-Svc: h3=\"evil.test:443\"", "X-Accel-Redirect: /etc/passwd", "X-Accel-Buffering: no", "X-Sendfile: /etc/passwd",
		"Upgrade: h2c", "Connection: X-Custom", "X-Custom: named by Connection", "Keep-Alive: timeout=5",
		"Proxy-Authenticate: Basic", "Trailer: X-Late", "Clear-Site-Data: \"*\"", "Service-Worker-Allowed: /", "Set-Cookie2: a=b",
		"Access-Control-Allow-Origin: https://evil.test", "Access-Control-Allow-Credentials: true", "Refresh: 0;url=https://evil.test",
		"Strict-Transport-Security: max-age=0", "NEL: {}", "Report-To: {}", "Reporting-Endpoints: a=\"https://evil.test\"", "Sourcemap: /x",
		"X-Anything: x", "Content_Type: text/html", "Server-Timing: db", "Public-Key-Pins: x", "Origin-Agent-Cluster: ?0",
	}
	t.Parallel()
	raw := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nETag: \"3\"\r\nContent-Type: application/json\r\n" + strings.Join(hidden, "\r\n") + "\r\n\r\n{}"
	w := newWorld(t, answering(raw))
	answers := w.send(request("GET", "/info", ""))
	if len(answers) != 1 || answers[0].status != http.StatusOK || answers[0].body != "{}" {
		t.Fatalf("got %v", answers)
	}
	var names []string
	for name := range answers[0].header {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{"Content-Length", "Content-Type", "Date", "Etag"}; !slices.Equal(names, want) {
		t.Errorf("the client got %q, want %q", names, want)
	}
}

// TestOnlyTheAdministratorSetsCookies: sessions begin there and nowhere else.
func TestOnlyTheAdministratorSetsCookies(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.config.Upstreams["admin"] = w.config.Upstreams["records"]
		tables := testTables()
		for i := range tables.Routes {
			if tables.Routes[i].Path == "/info" {
				tables.Routes[i].Application = "admin"
			}
		}
		w.config.Tables = fixedTables(tables)
		answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: s=1\r\n\r\n")(w)
		w.audience = map[string]string{"/info": "admin"}
	})
	for path, want := range map[string]string{"/info": "s=1", "/admin": ""} {
		answers := w.send(request("GET", path, ""))
		if len(answers) != 1 || answers[0].header.Get("Set-Cookie") != want {
			t.Errorf("%s: got %v, want cookie %q", path, answers, want)
		}
	}
}

func TestTrailersOfAnAnswerAreDropped(t *testing.T) {
	for name, raw := range map[string]string{
		"announced":   "HTTP/1.1 200 OK\r\nTrailer: X-Late, Wardgate-Patients\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Late: flu\r\nWardgate-Patients: p-1\r\n\r\n",
		"unannounced": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-Late: flu\r\nSet-Cookie: a=b\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, answering(raw))
			answers := w.send(request("GET", "/info", "", "Te: trailers"))
			if len(answers) != 1 || answers[0].status != http.StatusOK || answers[0].body != "{}" || answers[0].err != nil {
				t.Fatalf("got %v", answers)
			}
			for name := range answers[0].header {
				if strings.HasPrefix(name, "Trailer:") || strings.HasPrefix(name, http.TrailerPrefix) {
					t.Errorf("trailer %s reached the client", name)
				}
			}
		})
	}
}

func TestPatientsOfAnAnswerAreJournalled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nWardgate-Patients: p-1,p-2\r\nWardgate-Patients: p-3, p-4 ,\r\n\r\n"))
	w.send(request("GET", "/api/patients", ""))
	outcomes := w.journal.of(pip.KindOutcome)
	if len(outcomes) != 1 || !slices.Equal(outcomes[0].Patients, []string{"p-1", "p-2", "p-3", "p-4"}) || outcomes[0].Status != 200 {
		t.Errorf("got %+v", outcomes)
	}
}

// TestNothingLeavesWithoutTheOutcomeRecord fails the journal at the outcome.
func TestNothingLeavesWithoutTheOutcomeRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Secret: flu\r\n\r\nflu")(w)
		w.journal.fail = func(e pip.Event) error {
			if e.Kind == pip.KindOutcome {
				return errors.New("disk full")
			}
			return nil
		}
	})
	answers := w.send(request("GET", "/info", ""))
	if len(answers) != 1 || answers[0].status != http.StatusServiceUnavailable ||
		strings.Contains(answers[0].body, "flu") || answers[0].header.Get("X-Secret") != "" {
		t.Errorf("got %v, want 503 and nothing of the answer", answers)
	}
}

func TestBrokenAnswers(t *testing.T) {
	const secret = "diagnosis-of-p-1"
	for _, test := range []struct {
		name   string
		change func(*world)
		status int
	}{
		{"dies before answering", closing(""), 502},
		{"dies in the status line", closing("HTTP/1.1 2"), 502},
		{"dies in a header", closing("HTTP/1.1 200 OK\r\nX-A: " + secret), 502},
		{"speaks no HTTP", closing(secret + "\r\n\r\n"), 502},
		{"bad status", closing("HTTP/1.1 " + secret + "\r\n\r\n"), 502},
		{"status 000", closing("HTTP/1.1 000 OK\r\n\r\n"), 502},
		{"status 099", closing("HTTP/1.1 099 OK\r\n\r\n"), 502},
		{"header without a colon", closing("HTTP/1.1 200 OK\r\n" + secret + "\r\n\r\n"), 502},
		{"two unlike lengths", closing("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + secret), 502},
		{"unknown transfer coding", closing("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secret + "\r\n\r\n"), 502},
		{"hangs", func(w *world) {
			w.backend.answer = func(net.Conn, received) {}
			w.config.Upstreams["records"] = w.upstream(w.backend.listener.Addr().String(), http1.Config{FirstByte: 100 * time.Millisecond})
		}, 502},
		{"nobody listens", func(w *world) {
			w.config.Upstreams["records"] = w.upstream("127.0.0.1:1", http1.Config{})
		}, 502},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, test.change)
			answers := w.send(request("POST", "/api/patients", "{}", "Content-Type: application/json", "Content-Length: 2"))
			w.drain()
			if len(answers) != 1 || answers[0].status != test.status {
				t.Fatalf("got %v, want %d", answers, test.status)
			}
			if strings.Contains(answers[0].body, secret) || strings.Contains(w.logs.String(), secret) {
				t.Errorf("what the application sent is in the answer or the log: %s", w.logs)
			}
			outcomes := w.journal.of(pip.KindOutcome)
			if len(outcomes) != 1 || outcomes[0].Outcome != "unknown" {
				t.Errorf("outcomes %+v, want one that is unknown", outcomes)
			}
		})
	}
}

// TestCutAnswerIsSeenAsCut: a client cannot take half an answer for a whole one.
func TestCutAnswerIsSeenAsCut(t *testing.T) {
	for name, raw := range map[string]string{
		"with a length": "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
		"in chunks":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
		"bad chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, closing(raw))
			answers := w.send(request("GET", "/info", ""))
			if len(answers) > 0 && answers[0].err == nil {
				t.Errorf("got %v, want an answer that breaks off", answers)
			}
		})
	}
}

// TestSecondAnswerIsNobodys: what an application says beyond its answer must
// not become the answer to the next user's request.
func TestSecondAnswerIsNobodys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, answering(okAnswer+"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned"))
	for range 5 {
		for _, a := range w.send(request("GET", "/info", "")) {
			if strings.Contains(a.body, "poisoned") {
				t.Error("the second answer went to another request")
			}
		}
	}
}

// TestClientThatLeavesLeavesEvidence hangs up while the application works.
func TestClientThatLeavesLeavesEvidence(t *testing.T) {
	t.Parallel()
	arrived, left := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(w *world) {
		w.backend.answer = func(conn net.Conn, _ received) {
			close(arrived)
			<-left
			_, _ = io.WriteString(conn, okAnswer)
		}
	})
	conn, err := net.Dial("tcp", w.address)
	if err != nil {
		t.Fatal(err)
	}
	raw := strings.ReplaceAll(request("GET", "/info", ""), "{token}", w.tokens.good())
	if _, err := io.WriteString(conn, raw); err != nil {
		t.Fatal(err)
	}
	<-arrived
	_ = conn.Close()
	close(left)
	w.drain()
	if n := len(w.journal.of(pip.KindOutcome)); n != 1 {
		t.Errorf("%d outcomes, want 1", n)
	}
}

// TestAnswerHeadersOfOtherApplications: those that an application is configured to
// send pass beside the usual ones, and none asks for a password.
func TestAnswerHeadersOfOtherApplications(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Total-Count: 7\r\nX-Other: x\r\nWWW-Authenticate: Basic\r\nSet-Cookie: a=b\r\nLast-Modified: x\r\n\r\n")(w)
		lab := w.config.Upstreams["records"]
		lab.External, lab.AnswerHeaders = true, []string{"X-Total-Count"}
		w.config.Upstreams["records"] = lab
		w.config.Decider = deciderFunc(func(_ context.Context, r pdp.Request) (pdp.Decision, error) {
			return pdp.Decision{Allow: true, Revision: r.Context.Route, Grounds: byRole()}, nil
		})
		w.unsigned = true
	})
	answers := w.send(request("GET", "/info", ""))
	if len(answers) != 1 || answers[0].status != http.StatusOK {
		t.Fatalf("got %v", answers)
	}
	h := answers[0].header
	if h.Get("X-Total-Count") != "7" || h.Get("Last-Modified") != "x" || h.Get("X-Other")+h.Get("Www-Authenticate")+h.Get("Set-Cookie") != "" {
		t.Errorf("got %v", h)
	}
}
